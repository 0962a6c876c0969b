/// What the demo's customer is asked by its own customers: short messages in four languages.
enum DemoMessages {
    /// One message and the language it is written in (ISO 639-1).
    struct Message: Sendable {
        let language: String
        let text: String
    }

    /// How the demo's customer instructs the model.
    static let instruction = "You help customers of a tea shop. Be brief."

    /// All messages, in the order they are sent.
    static let all: [Message] =
        english.map { Message(language: "en", text: $0) } + german.map { Message(language: "de", text: $0) }
        + spanish.map { Message(language: "es", text: $0) } + french.map { Message(language: "fr", text: $0) }

    private static let english = [
        "Hi, my parcel was due on Tuesday and still is not here. Where is it?",
        "The green tea you sent smells wonderful. Thank you so much!",
        "Can I change the delivery address of an order I placed this morning?",
        "Two of the six cups arrived broken. What do I do now?",
        "Do you ship to Norway, and what does it cost?",
        "Which of your coffees has the least caffeine?",
        "I was charged twice for the same order. Please fix this.",
        "How long does an opened tin of matcha keep?",
        "Please cancel my subscription at the end of the month.",
        "Is the decaf espresso suitable for a moka pot?",
        "Your new website is much easier to use than the old one.",
        "I forgot my password and the reset mail never comes.",
    ]

    private static let german = [
        "Guten Tag, wann kommt meine Bestellung von letzter Woche an?",
        "Der Kaffee schmeckt leider verbrannt. Kann ich ihn zurückgeben?",
        "Haben Sie auch koffeinfreien Kaffee in ganzen Bohnen?",
        "Bitte schicken Sie mir die Rechnung noch einmal als PDF.",
        "Vielen Dank für die schnelle Lieferung, alles war bestens verpackt!",
        "Kann ich meine Lieferung auf nächsten Freitag verschieben?",
        "Welche Wassertemperatur empfehlen Sie für Weißen Tee?",
    ]

    private static let spanish = [
        "Hola, ¿cuánto tarda un envío a Valencia?",
        "El paquete llegó abierto y falta una bolsa de té.",
        "¿Tienen café de Colombia de tueste claro?",
        "Quiero pausar mi suscripción durante el verano.",
        "Muchas gracias, el té de jazmín es buenísimo.",
        "¿Puedo pagar con transferencia bancaria?",
    ]

    private static let french = [
        "Bonjour, ma commande est-elle déjà partie ?",
        "Le moulin à café ne s'allume plus depuis hier.",
        "Quel thé conseillez-vous pour le soir ?",
        "Je voudrais un remboursement pour la théière cassée.",
        "Livrez-vous aussi en Belgique ?",
        "Merci pour l'échantillon, il était délicieux !",
    ]
}
