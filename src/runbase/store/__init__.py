"""Every SQL statement of Runbase: a module for each family of tables, a function for each need."""
