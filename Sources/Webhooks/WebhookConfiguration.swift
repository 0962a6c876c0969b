import Values

/// The bounds and waits of sending.
package struct WebhookConfiguration: Sendable {
    /// Which addresses may be connected to.
    package var reach: WebhookReach
    /// The most deliveries a node sends at once.
    package var concurrency: Int
    /// The most an endpoint is sent at once; one that fails is sent one at a time.
    package var concurrencyOfEndpoint: Int
    /// In which time a receiver has to answer.
    package var timeout: Duration
    /// How often the outbox and what is due are looked at.
    package var pause: Duration
    /// The most lines of the trail that are read at once.
    package var batch: Int

    /// Makes a configuration; what is not given has the value of production.
    package init(
        reach: WebhookReach = .publicOnly,
        concurrency: Int = 128,
        concurrencyOfEndpoint: Int = 8,
        timeout: Duration = .seconds(10),
        pause: Duration = .seconds(1),
        batch: Int = 20_000
    ) {
        self.reach = reach
        self.concurrency = concurrency
        self.concurrencyOfEndpoint = concurrencyOfEndpoint
        self.timeout = timeout
        self.pause = pause
        self.batch = batch
    }
}
