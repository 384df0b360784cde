"""What pages and programs ask of the dashboard: one module for each subject."""
