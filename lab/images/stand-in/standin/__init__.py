"""What the stand-ins for Mesos and Marathon share: HTTP, ZooKeeper, processes. Test equipment for the lab."""
