"""The commands of ``vivant``, one file each."""
