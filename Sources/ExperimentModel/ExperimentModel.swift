// The module ExperimentModel.
