"""Getting started: the example folder, the settings in force with their origin, and the page of all settings."""
