"""Four hosts with sshd and Docker on one machine, to try deployments on.

Test equipment only: nothing that deploys or verifies a cluster may import it.
"""
