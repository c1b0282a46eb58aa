"""From a lesson's source to what students get: notebooks, translations, site and README."""
