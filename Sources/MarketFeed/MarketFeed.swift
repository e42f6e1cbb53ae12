// The module MarketFeed.
