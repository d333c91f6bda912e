// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/client_laws.h"

#include "smtp/client_session.h"

#include <algorithm>

namespace postern::test {
namespace {

using namespace smtp;

bool isOneLine(const QByteArray& text) {
    return std::none_of(text.begin(), text.end(), [](char c) { return uchar(c) < 0x20 || c == 0x7f; });
}

class Checker {
  public:
    explicit Checker(uchar choice) : m_session(settings(choice)) { see(m_session.connected()); }

    void event(uchar what, QByteArrayView some) {
        switch (what % 12) {
        case 0: see(m_session.tlsStarted()); break;
        case 1: see(m_session.tlsFailed("no\r\nTLS")); break;
        case 2: see(m_session.quit()); break;
        case 3: see(m_session.peerClosed("gone\x1b")); break;
        case 4: see(m_session.timedOut()); break;
        case 5: see(m_session.content(some)); break;
        case 6: see(m_session.content({})); break;
        case 7:
        case 8: offer(1 + what % 3); break;
        default: see(m_session.feed(some)); break;
        }
    }
    QByteArray verdict() {
        see(m_session.peerClosed({}));
        if (m_open != 0)
            say("a mail never came back");
        if (m_finished != 1)
            say("the session did not finish");
        if (!m_session.feed("250 ok\r\n").empty())
            say("it spoke after its end");
        return m_broken;
    }

  private:
    static ClientSettings settings(uchar choice) {
        ClientSettings s;
        s.helo = "me.example";
        s.peerName = "peer";
        s.tls = ClientTls(choice % 4);
        s.lmtp = (choice & 4) != 0;
        if (choice & 8)
            s.auth = Credentials{"carol", Secret(QByteArray((choice & 16) ? 600 : 6, 'p'))};
        return s;
    }
    void offer(int recipients) {
        ClientMail mail;
        mail.sender = Address("me", "a.example");
        mail.params.declaredSize = 100;
        mail.hasEightBit = recipients == 2;
        for (int i = 0; i < recipients; ++i)
            mail.recipients.push_back({Address("you" + QByteArray::number(i), "b.example"), {}});
        ++m_open;
        see(m_session.offer(std::move(mail)));
    }
    void see(const ClientEffects& effects) {
        for (const ClientEffect& effect : effects) {
            if (m_finished > 0 && !std::holds_alternative<effect::MailDone>(effect))
                say("an effect after the end");
            if (const auto* send = std::get_if<effect::ClientSend>(&effect)) {
                if (!m_session.isTls() && send->bytes.startsWith("AUTH"))
                    say("AUTH outside TLS");
            } else if (const auto* done = std::get_if<effect::MailDone>(&effect)) {
                if (--m_open < 0)
                    say("a mail came back twice");
                for (const RecipientOutcome& outcome : done->outcomes) {
                    if (outcome.kind == OutcomeKind::Delivered && !outcome.reply.isPositive())
                        say("delivered without a 2xx");
                    if (!isOneLine(outcome.text))
                        say("an outcome text of several lines");
                }
                if (done->outcomes.empty())
                    say("a mail without outcomes");
            } else if (const auto* end = std::get_if<effect::Finished>(&effect)) {
                ++m_finished;
                if (end->fault && !isOneLine(end->fault->text))
                    say("a fault text of several lines");
            }
        }
    }
    void say(const char* what) {
        if (m_broken.isEmpty())
            m_broken = what;
    }

    ClientSession m_session;
    int m_open = 0, m_finished = 0;
    QByteArray m_broken;
};

} // namespace

// First octet: settings. Then records: an octet that chooses the event, an octet for the length, so many octets.
QByteArray brokenClientLaw(QByteArrayView input) {
    if (input.isEmpty())
        return {};
    Checker checker{uchar(input[0])};
    qsizetype at = 1;
    while (at + 1 < input.size()) {
        const auto what = uchar(input[at]);
        const qsizetype length = std::min<qsizetype>(uchar(input[at + 1]), input.size() - at - 2);
        checker.event(what, input.sliced(at + 2, length));
        at += 2 + length;
    }
    return checker.verdict();
}

} // namespace postern::test
