"""Changes in, ordered statements out."""
