// The module AgentCore.
