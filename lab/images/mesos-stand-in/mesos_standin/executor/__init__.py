"""The stand-in for Mesos's own executors: holds one task, and outlives its agent where it can."""
