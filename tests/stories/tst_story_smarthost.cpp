// SPDX-License-Identifier: GPL-3.0-or-later
//
// "Send through my provider", against a real Postfix that wants STARTTLS and a sign-in: swaks in, verified TLS and
// credentials found by a label out, byte for byte; and every way in which the provider can be wrong keeps the mail safe.
#include "stories/support/gateway_process.h"
#include "stories/support/mail_sink.h"
#include "stories/support/postfix_peer.h"
#include "stories/support/smtp_sender.h"
#include "support/test_certs.h"

#include <QDir>
#include <QRandomGenerator>
#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern::test;

namespace {

// What Postfix added on top and the LF form it stores are its own; ours is what follows our Received field.
QByteArray ownPart(QByteArray delivered) {
    delivered.replace("\r\n", "\n");
    const qsizetype at = delivered.indexOf("X-First: ");
    return at < 0 ? delivered : delivered.mid(at);
}

QByteArray firstDifference(const QByteArray& a, const QByteArray& b) {
    const auto at = std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin();
    return "altered at octet " + QByteArray::number(at) + " of " + QByteArray::number(a.size()) + " and " +
           QByteArray::number(b.size()) + ": " + a.mid(at - 20, 60).toPercentEncoding(" ") + " instead of " +
           b.mid(at - 20, 60).toPercentEncoding(" ");
}

QByteArray awkwardMessage() {
    QByteArray text = "X-First: yes\r\nFrom: =?UTF-8?Q?J=C3=BCrgen?= <scan@office.example>\r\nTo: <c@far.example>\r\n"
                      "Subject: awkward\r\nDate: Thu, 19 Nov 2026 14:32:00 +0000\r\nMessage-ID: <1@office.example>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n"
                      "--b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    text += ".\r\n..\r\n.dot at the start\r\n...three\r\nM\xc3\xbcll und \xe2\x82\xac\r\n\t\r\n   \r\n";
    text += "--b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n\r\n";
    QByteArray raw(10 * 1024 * 1024, Qt::Uninitialized);
    QRandomGenerator random(7);
    random.fillRange(reinterpret_cast<quint32*>(raw.data()), raw.size() / 4);
    const QByteArray encoded = raw.toBase64();
    for (qsizetype at = 0; at < encoded.size(); at += 76)
        text += encoded.mid(at, 76) + "\r\n";
    return text + "--b--\r\n";
}

} // namespace

class StorySmarthost : public QObject {
    Q_OBJECT

    TestCerts m_certs;

    QByteArray config(quint16 port, const QByteArray& host = "localhost") const {
        return "ca test cert \"" + m_certs.caFile() + "\"\n"
               "table secrets file:secrets\n"
               "listen on 127.0.0.1 port 0\n"
               "action \"provider\" relay host smtp+tls://office@" + host + ":" + QByteArray::number(port) +
               " auth <secrets> ca test\n"
               "match from any for any action \"provider\"\n";
    }

    QStringList options(const CertificateFiles& cert) const {
        return {u"--tls"_s, QString::fromLatin1(cert.certFile), QString::fromLatin1(cert.keyFile), u"--auth"_s,
                u"carol"_s, u"s3cret"_s};
    }

  private Q_SLOTS:
    void bytesArriveAsTheyWereSent() {
        PostfixPeer peer;
        STORY_VERIFY(peer.start(options(m_certs.server("localhost"))), peer.log());
        GatewayProcess gateway(config(peer.port()));
        gateway.write(u"secrets"_s, "office carol:s3cret\n");
        STORY_VERIFY(gateway.start(), gateway.log());

        const QByteArray awkward = awkwardMessage();
        QFile file(gateway.path(u"awkward.eml"_s));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(awkward) == awkward.size());
        file.close();
        const Ran sent = run(u"swaks"_s, {u"--server"_s, u"127.0.0.1:%1"_s.arg(gateway.port()), u"--from"_s,
                                          u"scan@office.example"_s, u"--to"_s, u"c@far.example"_s, u"--data"_s,
                                          u"@"_s + file.fileName(), u"--suppress-data"_s});
        STORY_VERIFY(sent.exit == 0, sent.out + sent.err);
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO scanner.example").startsWith("250"));
        QVERIFY(sender.send("scan@office.example", {"d@far.example"}, awkward).startsWith("250"));
        STORY_VERIFY(peer.waitFor(2), gateway.log() + peer.log().right(4000));
        QByteArray expected = awkward;
        expected.replace("\r\n", "\n");
        for (const QByteArray& mail : peer.mails())
            STORY_VERIFY(ownPart(mail).trimmed() == expected.trimmed(), firstDifference(ownPart(mail), expected));
        QVERIFY(gateway.waitQueue(0));
        STORY_VERIFY(!gateway.log().contains("s3cret"), "a password is in the log");
        STORY_VERIFY(peer.log().contains("sasl_username=carol"), "nobody signed in");
    }

    void mailWaitsAndSaysWhyUntilTheCauseIsGone_data() {
        QTest::addColumn<QString>("cause");
        QTest::addColumn<QByteArray>("says");
        QTest::newRow("wrong password") << u"password"_s << QByteArray("535");
        QTest::newRow("certificate for another name T11") << u"name"_s << QByteArray("other.example");
        QTest::newRow("expired certificate T11") << u"expired"_s << QByteArray("expired");
        QTest::newRow("untrusted issuer T11") << u"issuer"_s << QByteArray("self-signed");
        QTest::newRow("label missing in the table B09") << u"label"_s << QByteArray("office");
        QTest::newRow("provider down") << u"down"_s << QByteArray("refused");
    }

    void mailWaitsAndSaysWhyUntilTheCauseIsGone() {
        QFETCH(QString, cause);
        QFETCH(QByteArray, says);
        const CertificateFiles good = m_certs.server("localhost");
        PostfixPeer peer;
        STORY_VERIFY(peer.start(options(cause == "name"_L1      ? m_certs.server("other.example")
                                    : cause == "expired"_L1 ? m_certs.expired("localhost")
                                    : cause == "issuer"_L1  ? m_certs.selfSigned("localhost")
                                                            : good)),
                 peer.log());
        GatewayProcess gateway(config(peer.port()));
        gateway.write(u"secrets"_s, cause == "password"_L1 ? "office carol:wr0ng\n"
                                    : cause == "label"_L1  ? "another carol:s3cret\n"
                                                           : "office carol:s3cret\n");
        if (cause == "down"_L1)
            peer.stop();
        STORY_VERIFY(gateway.start(), gateway.log());
        SmtpSender sender(gateway.port());
        QVERIFY(sender.command("EHLO scanner.example").startsWith("250"));
        QVERIFY(sender.send("scan@office.example", {"c@far.example"}, "X-First: yes\r\n\r\nhello\r\n").startsWith("250"));

        // It waits with one try behind it, and the reason is told in the queue and in status.
        QJsonObject row;
        STORY_TRY(
            (row = gateway.queue().at(0).toObject(), row["tries"_L1].toInt() > 0 || !row["lastError"_L1].toString().isEmpty()),
            gateway.log(), 30'000);
        STORY_VERIFY(row["lastError"_L1].toString().contains(QString::fromLatin1(says), Qt::CaseInsensitive),
                 qPrintable(row["lastError"_L1].toString()));
        const Ran status = gateway.ctl({u"status"_s, u"--json"_s});
        QCOMPARE(status.exit, 0);
        STORY_VERIFY(!status.json().toObject()["problems"_L1].toArray().isEmpty(), status.out);
        STORY_VERIFY(!status.out.contains("s3cret") && !status.out.contains("wr0ng") && !gateway.log().contains("wr0ng"),
                 "a password was shown");
        QVERIFY(peer.mails().isEmpty());

        // The cause goes, a person says "try now" or reload, and the mail is through.
        if (cause == "password"_L1 || cause == "label"_L1)
            gateway.write(u"secrets"_s, "office carol:s3cret\n");
        else if (cause == "down"_L1)
            STORY_VERIFY(peer.startAgain(), peer.log());
        PostfixPeer mended;
        if (cause == "name"_L1 || cause == "expired"_L1 || cause == "issuer"_L1) {
            STORY_VERIFY(mended.start(options(good)), mended.log());
            gateway.setConfig(config(mended.port()));
        }
        const Ran reloaded = gateway.ctl({u"reload"_s});
        STORY_VERIFY(reloaded.exit == 0, reloaded.err);
        QCOMPARE(gateway.ctl({u"queue"_s, u"retry"_s, u"--all"_s}).exit, 0);
        STORY_VERIFY(gateway.waitQueue(0, {}, 30), gateway.log() + peer.log().right(2000));
        PostfixPeer& server = mended.port() ? mended : peer;
        STORY_VERIFY(server.waitFor(1, 5), server.log());
    }
};

QTEST_GUILESS_MAIN(StorySmarthost)
#include "tst_story_smarthost.moc"
