// SPDX-License-Identifier: GPL-3.0-or-later
//
// The names of clients, from a real name server, in a network of the story's own: in the trace field, in rules, and what
// becomes of mail when the name server is gone.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/private_network.h"
#include "support/local_name_server.h"

#include <QDir>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

QByteArray sent(const MailSink& sink, int n) {
    return sink.waitFor(n) ? sink.mails().at(n - 1).content : "only " + QByteArray::number(sink.mails().size()) + " messages came";
}

QByteArray to(const MailSink& sink) {
    return "127.0.0.1:" + QByteArray::number(sink.port());
}

QStringList swaksFrom(const QString& address) {
    return {u"--server"_s, u"192.0.2.1:25"_s, u"--local-interface"_s, address, u"--from"_s, u"scan@office.example"_s,
            u"--to"_s, u"petra@office.example"_s, u"--helo"_s, u"scanner.office.example"_s};
}

} // namespace

class StoryNames : public QObject {
    Q_OBJECT

    const QByteArray m_refused; // why there is no network of our own

  public:
    explicit StoryNames(QByteArray refused) : m_refused(std::move(refused)) {}

  private Q_SLOTS:
    void initTestCase() { STORY_VERIFY(m_refused.isEmpty(), m_refused); }

    // 192.0.2.9 has a name that leads back, 192.0.2.10 claims one that does not, 192.0.2.11 has none.
    void aClientsNameIsLookedUp() {
        LocalNameServer names({u"office.example"_s, u"2.0.192.in-addr.arpa"_s},
                              {u"--host-record=scanner.office.example,192.0.2.9"_s,
                               u"--ptr-record=10.2.0.192.in-addr.arpa,scanner.office.example"_s});
        STORY_VERIFY(names.isRunning(), names.output());
        MailSink sink;
        GatewayProcess gateway("listen on 192.0.2.1 port 25\naction \"out\" relay host smtp+notls://" + to(sink) +
                               "\nmatch from rdns { \"*.office.example\" } for any action \"out\"\n");
        QVERIFY(QDir(gateway.folder()).mkdir(u"state"_s));
        gateway.write(u"state/postern.ini"_s, "[resolver]\nservers=" + names.address() + "\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const auto mailFrom = [&](const QString& address) {
            return run(u"swaks"_s, swaksFrom(address));
        };
        const Ran known = mailFrom(u"192.0.2.9"_s);
        STORY_VERIFY(known.exit == 0, known.out);
        const QByteArray text = sent(sink, 1);
        STORY_VERIFY(text.startsWith("Received: from scanner.office.example (scanner.office.example [192.0.2.9])"), text);
        for (const QString& address : {u"192.0.2.10"_s, u"192.0.2.11"_s}) {
            const Ran unknown = mailFrom(address);
            STORY_VERIFY(unknown.exit != 0 && unknown.out.contains("550 5.7.1"), unknown.out);
        }
        QCOMPARE(gateway.stop(), 0);
    }

    void nameServersThatAreGoneHoldNobodyUpForLong() {
        SilentPort silent;
        MailSink sink;
        GatewayProcess gateway("listen on 192.0.2.1 port 25\naction \"out\" relay host smtp+notls://" + to(sink) +
                               "\nmatch from any for domain \"office.example\" action \"out\"\n");
        QVERIFY(QDir(gateway.folder()).mkdir(u"state"_s));
        gateway.write(u"state/postern.ini"_s, "[resolver]\nservers=127.0.0.1@" + QByteArray::number(silent.port()) + "\n");
        STORY_VERIFY(gateway.start(), gateway.log());
        const Ran mailed = run(u"swaks"_s, swaksFrom(u"192.0.2.9"_s) + QStringList{u"--timeout"_s, u"12"_s});
        STORY_VERIFY(mailed.exit == 0, mailed.out);
        const QByteArray text = sent(sink, 1);
        STORY_VERIFY(text.contains("(<unknown> [192.0.2.9])"), text);
        QCOMPARE(gateway.stop(), 0);
    }
};

int main(int argc, char** argv) {
    StoryNames story(enterPrivateNetwork()); // before Qt makes a thread
    QCoreApplication app(argc, argv);
    return QTest::qExec(&story, argc, argv);
}
#include "tst_story_names.moc"
