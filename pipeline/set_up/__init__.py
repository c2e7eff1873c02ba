"""What a person begins with: the settings in force and where they come from, an example folder."""
