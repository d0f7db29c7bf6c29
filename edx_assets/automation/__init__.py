"""What runs by itself, and when: sensors, schedules and notices. What a run does is not here."""
