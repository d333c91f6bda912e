// SPDX-License-Identifier: GPL-3.0-or-later
//
// A scripted client for smtp::ServerSession: the test is the dialogue as a text of "C: ..." and "S: ..." lines.
//
// Neighbouring "C:" lines are one packet; each gets CR LF, "C~" gets none; \r \n \0 \e \\ and \xNN stand for octets.
// Behind a packet come the replies it must draw, one "S:" line each, compared by how they begin (of a multi-line reply
// the last line counts); "S: <close>" when the session closes. No "S:" line means silence.
// check() runs it whole, byte by byte and cut at every position, with questions answered at once and answered late, and
// compares what was said and what the session asked for.
#pragma once

#include "smtp/server_session.h"

#include <functional>

namespace postern::test {

struct ServerDialogue {
    smtp::ServerFeatures features{"gate.example", true, false, false, smtp::AuthMode::Optional};
    smtp::ServerLimits limits;
    bool startInTls = false; // as on an smtps listener
    // "refused@..." draws 550, "later@..." 451 as sender or recipient; the password is "right", "down" fails to be looked up.
    smtp::Reply storedReply = smtp::makeReply(250, {2, 0, 0}, "1a2b3c4d Message accepted for delivery");
    QByteArray script;

    // "" if all went as the script says; else what differed and how the client's octets were cut.
    QByteArray check();
    QByteArray checkUncut(); // for scripts whose packets matter (commands behind a sync point)

    // What the session asked for, in order: "sender:a@b", "rcpt:x@y", "login:user:password:PLAIN", "begin", "commit",
    // "discard", "starttls". Of the last run.
    QByteArrayList events;
    QByteArray content;  // of the last message, if it was not discarded
    QByteArray allOutput;
    smtp::ContentFacts facts;       // at Commit
    smtp::Transaction transaction;  // at Commit

  private:
    struct Cut;
    QByteArray run(const Cut& cut);
};

QByteArray unescaped(QByteArrayView text);

} // namespace postern::test
