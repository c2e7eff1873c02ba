"""Getting started: the example folder, and the settings in force with their origin."""
