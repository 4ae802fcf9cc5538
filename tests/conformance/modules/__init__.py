"""The suite of layers and small trainings: `modules.json`. `said` is how a module is written in Treadle,
`tables` say it module by module, `layers` and `trainings` run the cases."""
