"""Build what students get from a lesson's source: notebooks, translations, site and README."""
