// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/loopback_hop.h"

namespace postern::test {

using namespace smtp;

class LoopbackHop::Session final : public tls::StreamHandler {
  public:
    Session(LoopbackHop& hop, qintptr descriptor)
        : m_hop(hop), m_session({.hostname = "hop.example",
                                 .startTls = hop.m_offer.identity && !hop.m_offer.wrapped,
                                 .implicitTls = hop.m_offer.wrapped,
                                 .auth = hop.m_offer.auth},
                                {}, {"127.0.0.1", 1, {}}) {
        m_stream = tls::adoptStream(descriptor, this);
        if (hop.m_offer.wrapped)
            m_stream->startServerTls({hop.m_offer.identity, false, {}});
        else
            perform(m_session.greet());
    }

    void onBytes(QByteArrayView bytes) override { perform(m_session.feed(bytes)); }
    void onEncrypted(const tls::SessionFacts& facts) override {
        perform(m_session.tlsStarted({facts.version, facts.cipher, facts.bits, false, {}}));
        if (m_hop.m_offer.wrapped)
            perform(m_session.greet());
    }
    void onClosed(const Error&, bool) override { (void)m_session.peerClosed(); }

  private:
    void perform(ServerEffects effects) {
        for (ServerEffect& effect : effects) {
            if (auto* send = std::get_if<effect::Send>(&effect)) {
                m_stream->write(send->bytes);
            } else if (std::holds_alternative<effect::StartTls>(effect)) {
                m_stream->startServerTls({m_hop.m_offer.identity, false, {}});
            } else if (std::holds_alternative<effect::CheckSender>(effect)) {
                perform(m_session.senderChecked(makeReply(250, {2, 1, 0}, "ok")));
            } else if (std::holds_alternative<effect::CheckRecipient>(effect)) {
                perform(m_session.recipientChecked(makeReply(250, {2, 1, 5}, "ok")));
            } else if (auto* login = std::get_if<effect::CheckLogin>(&effect)) {
                ++m_hop.logins;
                const bool good = login->user == m_hop.m_offer.user && login->password.expose() == m_hop.m_offer.password;
                perform(m_session.loginChecked(good ? LoginOutcome::Accepted : LoginOutcome::Refused));
            } else if (std::holds_alternative<effect::BeginContent>(effect)) {
                m_mail = {m_session.transaction(), {}, m_session.isTls(), m_session.user()};
            } else if (auto* content = std::get_if<effect::Content>(&effect)) {
                m_mail.content += content->bytes;
            } else if (std::holds_alternative<effect::Commit>(effect)) {
                m_hop.mails.push_back(std::exchange(m_mail, {}));
                perform(m_session.stored(makeReply(250, {2, 0, 0}, "taken")));
            } else if (std::holds_alternative<effect::Discard>(effect)) {
                m_mail = {};
            } else if (std::holds_alternative<effect::Close>(effect)) {
                m_stream->close();
            }
        }
    }

    LoopbackHop& m_hop;
    ServerSession m_session;
    std::unique_ptr<tls::Stream> m_stream;
    Mail m_mail;
};

LoopbackHop::LoopbackHop(Offer offer) : m_offer(std::move(offer)) {
    if (!listen(QHostAddress::LocalHost, 0))
        qFatal("no port for a test server");
}

LoopbackHop::~LoopbackHop() = default;

void LoopbackHop::incomingConnection(qintptr descriptor) {
    ++connections;
    m_sessions.push_back(std::make_unique<Session>(*this, descriptor));
}

} // namespace postern::test
