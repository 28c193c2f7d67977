"""What our HTML pages have in common: look, frame, how wide texts are. It knows nothing of a cluster."""
