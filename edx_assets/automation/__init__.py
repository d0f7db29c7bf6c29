"""What runs by itself, and when: sensors, schedules and notices. What runs do is in `assets`."""
