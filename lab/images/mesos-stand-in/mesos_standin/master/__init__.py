"""The stand-in for mesos-master."""
