// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scripted server for smtp::ClientSession: the test is the dialogue as a text of "S: ..." and "C: ..." lines.
//
// Neighbouring lines of one side belong together (one write). What the client says after each server part must be exactly
// the "C:" part that follows, and silence where none follows. Special server lines: "S: <close>", "S: <timeout>". A server
// part can be cut anywhere: run it whole, byte by byte, or in two pieces at a place.
#pragma once

#include "smtp/client_session.h"

#include <optional>
#include <vector>

namespace postern::test {

struct Cut {
    enum class Kind { Whole, EachByte, At } kind = Kind::Whole;
    qsizetype at = 0; // Kind::At: octets of every server part that come first
};

struct ClientDialogue {
    smtp::ClientSettings settings;
    std::vector<smtp::ClientMail> mails;  // offered one after the other; then QUIT
    QByteArray content = "Subject: t\r\n\r\nhello\r\n";
    qsizetype pieceSize = 1 << 16;
    bool handshakeWorks = true;
    bool quitAtEnd = true;
    QByteArray script;

    // "" if the client said exactly what the script wants; else what differed.
    QByteArray run(const Cut& cut);
    qsizetype longestServerPart() const;

    // What came of it: "D T P; D; end" or "T; fault AuthRefused".
    QByteArray summary;
    std::vector<std::vector<smtp::RecipientOutcome>> outcomes;
    std::optional<smtp::Fault> fault;
    bool finished = false;
    int startTlsCount = 0;
};

const char* toText(smtp::FaultKind kind);
const char* toText(smtp::OutcomeKind kind); // "D", "T", "P"
smtp::ClientMail mailFor(const QByteArrayList& recipients, const QByteArray& sender = "me@a.example");

} // namespace postern::test
