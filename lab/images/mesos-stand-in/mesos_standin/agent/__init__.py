"""The stand-in for mesos-agent."""
