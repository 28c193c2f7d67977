"""The way to a host over SSH: what ssh_config, known_hosts and keys say of it, and the connection itself."""
