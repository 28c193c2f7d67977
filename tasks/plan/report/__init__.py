"""What operators and programs are told: status, and documents."""
