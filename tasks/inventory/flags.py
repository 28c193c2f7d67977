"""The flags that Mesos 1.5 and Marathon 1.5 know, and what becomes of one that they do not."""

import difflib
from collections.abc import Collection

BOTH = frozenset(
    "acls advertise_ip advertise_port authenticate_http_readonly authenticate_http_readwrite domain "
    "external_log_file firewall_rules help hooks hostname hostname_lookup http_authenticators "
    "initialize_driver_logging ip ip6 ip_discovery_command log_dir logbufsecs logging_level modules "
    "modules_dir port quiet version work_dir zk_session_timeout".split()
)
MASTER = BOTH | frozenset(
    "agent_ping_timeout agent_removal_rate_limit agent_reregister_timeout allocation_interval allocator "
    "authenticate_agents authenticate_frameworks authenticate_http_frameworks authenticators authorizers "
    "cluster credentials fair_sharing_excluded_resource_names filter_gpu_resources framework_sorter "
    "http_framework_authenticators log_auto_initialize max_agent_ping_timeouts max_completed_frameworks "
    "max_completed_tasks_per_framework max_unreachable_tasks_per_framework offer_timeout quorum rate_limits "
    "recovery_agent_removal_limit registry registry_fetch_timeout registry_gc_interval "
    "registry_max_agent_age registry_max_agent_count registry_store_timeout registry_strict "
    "require_agent_domain roles root_submissions user_sorter webui_dir weights whitelist zk".split()
)
AGENT = BOTH | frozenset(
    "allowed_capabilities allowed_devices appc_simple_discovery_uri_prefix appc_store_dir attributes "
    "authenticate_http_executors authenticatee authentication_backoff_factor authorizer "
    "bounding_capabilities cgroups_cpu_enable_pids_and_tids_count cgroups_enable_cfs cgroups_hierarchy "
    "cgroups_limit_swap cgroups_net_cls_primary_handle cgroups_net_cls_secondary_handles cgroups_root "
    "container_disk_watch_interval container_logger containerizers credential default_container_dns "
    "default_container_info default_role disallow_sharing_agent_pid_namespace disk_profile_adaptor "
    "disk_watch_interval docker docker_config docker_kill_orphans docker_mesos_image docker_registry "
    "docker_remove_delay docker_socket docker_stop_timeout docker_store_dir docker_volume_checkpoint_dir "
    "docker_volume_driver effective_capabilities enforce_container_disk_quota "
    "executor_environment_variables executor_registration_timeout executor_reregistration_timeout "
    "executor_secret_key executor_shutdown_grace_period fetcher_cache_dir fetcher_cache_size "
    "frameworks_home gc_delay gc_disk_headroom hadoop_home http_command_executor http_credentials "
    "http_heartbeat_interval image_providers isolation jwt_secret_key launcher launcher_dir master "
    "master_detector max_completed_executors_per_framework network_cni_config_dir network_cni_plugins_dir "
    "nvidia_gpu_devices oversubscribed_resources_interval perf_duration perf_events perf_interval "
    "qos_controller qos_correction_interval_min reconfiguration_policy recover recovery_timeout "
    "registration_backoff_factor resource_estimator resource_provider_config_dir resources "
    "revocable_cpu_low_priority runtime_dir sandbox_directory secret_resolver strict switch_user "
    "systemd_enable_support systemd_runtime_directory xfs_project_range".split()
)
MARATHON = frozenset(
    "access_control_allow_origin backup_location checkpoint decline_offer_duration "
    "default_accepted_resource_roles default_network_name disable_http draining_seconds enable_features "
    "env_vars_prefix event_stream_max_outstanding_messages executor failover_timeout framework_name ha help "
    "hostname http_address http_compression http_credentials http_max_concurrent_requests http_port "
    "http_realm https_address https_port launch_token_refresh_interval launch_tokens "
    "leader_proxy_connection_timeout leader_proxy_read_timeout leader_proxy_ssl_ignore_hostname "
    "local_port_max local_port_min logging_level logstash master max_actor_startup_time max_apps "
    "max_instances_per_offer mesos_authentication mesos_authentication_principal "
    "mesos_authentication_secret mesos_authentication_secret_file mesos_bridge_name "
    "mesos_heartbeat_failure_threshold mesos_heartbeat_interval mesos_leader_ui_url mesos_role mesos_user "
    "metrics metrics_averaging_window min_revive_offers_interval offer_matching_timeout "
    "on_elected_prepare_timeout plugin_conf plugin_dir reconciliation_initial_delay "
    "reconciliation_interval reporter_datadog reporter_graphite revive_offers_for_new_apps "
    "revive_offers_repetitions scale_apps_initial_delay scale_apps_interval sentry ssl_keystore_password "
    "ssl_keystore_path store_cache task_launch_confirm_timeout task_launch_timeout "
    "task_lost_expunge_initial_delay task_lost_expunge_interval task_reservation_timeout version "
    "webui_url zk zk_compression zk_compression_threshold zk_connection_timeout zk_max_node_size "
    "zk_max_versions zk_session_timeout zk_timeout".split()
)


def closest(word: str, known: Collection[str]) -> str:
    """Give the known word that was meant, "" if none is near."""
    return next(iter(difflib.get_close_matches(word, known, n=1, cutoff=0.8)), "")
