import Values

/// A meter as another whose events it counts knows it.
struct MeterView: Hashable {
    let code: String
    /// The meter that events name.
    let source: String
    /// Which of them count; nil: all.
    let filter: MeterFilter?
    /// Whether its rollups are right; if not they are being computed.
    let isComputed: Bool

    /// Whether it counts an event.
    func counts(_ event: UsageEvent) -> Bool {
        event.meter.utf8.elementsEqual(source.utf8) && (filter?.passes(event.properties) ?? true)
    }
}
