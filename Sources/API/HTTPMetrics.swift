import CoreMetrics

/// What is measured of requests: how many, and how long they took.
struct HTTPMetrics: Sendable {
    private let factory: any MetricsFactory

    init(factory: any MetricsFactory) {
        self.factory = factory
    }

    /// Counts a request that was answered.
    ///
    /// `route`: the template, never the path: what callers choose must not make series.
    func observeRequest(method: String, route: String, status: Int, seconds: Double) {
        let dimensions = [("method", method), ("route", route), ("status", String(status))]
        Counter(label: "http_requests", dimensions: dimensions, factory: factory).increment()
        let timed = [("method", method), ("route", route)]
        CoreMetrics.Timer(label: "http_request_seconds", dimensions: timed, factory: factory)
            .recordNanoseconds(Int64(seconds * 1e9))
    }
}
