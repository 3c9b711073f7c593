"""Messages of the corridor profile, invented by the project, and a maker of records for any mapping."""
