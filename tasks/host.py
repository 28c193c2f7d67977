"""Chapter 1: every host knows its own address."""

from .launch import Steps

set_ip = Steps("host", "set-ip", says="1.1 Write the HOST_IP line into /etc/profile.")
check_ip = Steps("host", "check-ip", says="1.2 Check what a login shell says of HOST_IP.")
