//! Kinds of plates, and what follows from the kind alone.

/// A kind of plate, told by the form of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PlateKind {
    /// Province, issuing letter and five: blue, yellow or, for motorcycles, either.
    Ordinary,
    /// Eight characters, the energy letter first: small new-energy vehicles, green.
    NewEnergySmall,
    /// Eight characters, the energy letter last: large new-energy vehicles, yellow and green.
    NewEnergyLarge,
    /// …挂.
    Trailer,
    /// …学.
    Learner,
    /// …警.
    Police,
    /// …领.
    Consulate,
    /// …使.
    Embassy,
    /// 粤Z…港.
    HongKong,
    /// 粤Z…澳.
    Macau,
    /// …应急.
    Emergency,
    /// WJ….
    ArmedPolice,
    /// Two letters and five digits.
    Military,
    /// Paper plates of vehicles not registered yet, and of tests: 临, 超, 试.
    Temporary,
    /// Paper plates of vehicles from abroad: 临时入境.
    TemporaryEntry,
    /// 民航….
    CivilAviation,
    /// Any token of the generic grammar.
    Generic,
}

impl PlateKind {
    /// Whether no penalty can follow here: embassies, armed police and the military answer elsewhere.
    pub fn outside_jurisdiction(self) -> bool {
        matches!(self, Self::Embassy | Self::ArmedPolice | Self::Military)
    }

    /// Whether the number does not stay with the vehicle, so that nothing can be counted on it.
    pub fn unstable(self) -> bool {
        matches!(self, Self::Temporary | Self::TemporaryEntry)
    }
}
