//! Vehicle registry look-up: owner and phone by plate.
