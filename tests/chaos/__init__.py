"""What is killed under load, over and over, and what must be true of every key when it is over."""
