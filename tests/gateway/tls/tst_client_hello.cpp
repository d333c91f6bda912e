// SPDX-License-Identifier: GPL-3.0-or-later
//
// Hellos as a real TLS client writes them, cut, fragmented and forged.
#include "tls/client_hello.h"

#include <QTest>

#include <openssl/ssl.h>

#include <memory>

using namespace Qt::StringLiterals;
using namespace postern;
using tls::ClientHello;
using State = tls::ClientHello::State;

namespace {

// The first flight of OpenSSL's client. protocols: ALPN in wire form.
QByteArray opensslHello(const char* name, const QByteArray& protocols = {}, int version = 0) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    SSL_CTX_set_max_proto_version(context.get(), version);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
    BIO* in = BIO_new(BIO_s_mem());
    BIO* out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl.get(), in, out);
    if (name)
        SSL_set_tlsext_host_name(ssl.get(), name);
    if (!protocols.isEmpty())
        SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const uchar*>(protocols.data()), unsigned(protocols.size()));
    SSL_connect(ssl.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    return QByteArray(data, size);
}

QByteArray bigEndian(qsizetype value, int octets) {
    QByteArray out;
    for (int i = octets - 1; i >= 0; --i)
        out += char(value >> (8 * i));
    return out;
}

QByteArray vector(const QByteArray& content, int lengthOctets) {
    return bigEndian(content.size(), lengthOctets) + content;
}

QByteArray record(const QByteArray& content) {
    return "\x16\x03\x01"_ba + vector(content, 2);
}

// RFC 8446 §4.1.2 with these extensions, without its record.
QByteArray message(const QByteArray& extensions) {
    const QByteArray body = "\x03\x03"_ba + QByteArray(32, 'r') + vector({}, 1) + vector("\x13\x01"_ba, 2) +
                            vector(QByteArray(1, '\0'), 1) + vector(extensions, 2);
    return "\x01"_ba + vector(body, 3);
}

QByteArray serverName(const QByteArray& name) {
    return bigEndian(0, 2) + vector(vector(QByteArray(1, '\0') + vector(name, 2), 2), 2);
}

} // namespace

class TestClientHello : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void readsWhatOpensslSays_data() {
        QTest::addColumn<QByteArray>("hello");
        QTest::addColumn<QByteArray>("name");
        QTest::addColumn<QByteArrayList>("protocols");
        QTest::addRow("TLS 1.3 with a name") << opensslHello("MX.one.example") << "mx.one.example"_ba << QByteArrayList();
        QTest::addRow("TLS 1.2 with a name") << opensslHello("mx.one.example", {}, TLS1_2_VERSION) << "mx.one.example"_ba << QByteArrayList();
        QTest::addRow("no name") << opensslHello(nullptr) << ""_ba << QByteArrayList();
        QTest::addRow("T16 protocols of the web") << opensslHello("mx.one.example", "\x02h2\x08http/1.1"_ba) << "mx.one.example"_ba
                                                  << QByteArrayList{"h2", "http/1.1"};
    }
    void readsWhatOpensslSays() {
        QFETCH(QByteArray, hello);
        QFETCH(QByteArray, name);
        QFETCH(QByteArrayList, protocols);
        const ClientHello read = tls::readClientHello(hello);
        QVERIFY(read.state == State::Complete);
        QCOMPARE(read.serverName, name);
        QCOMPARE(read.protocols, protocols);
        QCOMPARE(tls::speaksSomethingElse(read), !protocols.isEmpty());
    }

    // What is there so far never says anything else than "more", and never asks for less than one octet more.
    void everyPrefixWantsMore() {
        const QByteArray whole = opensslHello("mx.one.example");
        for (qsizetype size = 0; size < whole.size(); ++size) {
            const ClientHello read = tls::readClientHello(whole.first(size));
            QVERIFY(read.state == State::NeedMore);
            QVERIFY(read.wanted > size && read.wanted <= whole.size());
        }
    }

    void aHelloInManyRecordsIsPutTogether() {
        const QByteArray hello = message(serverName("mx.one.example"));
        for (const qsizetype piece : {1, 3, 7, 50}) {
            QByteArray records;
            for (qsizetype at = 0; at < hello.size(); at += piece)
                records += record(hello.mid(at, piece));
            const ClientHello read = tls::readClientHello(records);
            QVERIFY(read.state == State::Complete);
            QCOMPARE(read.serverName, "mx.one.example");
        }
    }

    void whatComesBehindIsNotLookedAt() {
        const ClientHello read = tls::readClientHello(record(message(serverName("mx.one.example"))) + "\x17\x03\x03garbage"_ba);
        QVERIFY(read.state == State::Complete);
        QCOMPARE(read.serverName, "mx.one.example");
    }

    void hostileHellos_data() {
        QTest::addColumn<QByteArray>("peeked");
        QTest::addColumn<State>("state");
        QTest::addRow("T05 a command") << "EHLO x\r\n"_ba << State::NotTls;
        QTest::addRow("T05 zeros") << QByteArray(16384, '\0') << State::NotTls;
        QTest::addRow("T06 an SSLv2 hello") << QByteArray::fromHex("802e0100020015000000100100800700c003008006004002008004") << State::NotTls;
        QTest::addRow("another handshake message") << record("\x02\x00\x00\x00"_ba) << State::Unreadable;
        QTest::addRow("an empty record") << record({}) << State::Unreadable;
        QTest::addRow("a record over the limit") << "\x16\x03\x01\xff\xff"_ba << State::Unreadable;
        QTest::addRow("a message of 16 MiB") << record("\x01\xff\xff\xff"_ba) << State::Unreadable;
        QTest::addRow("an alert in the middle") << record("\x01"_ba) + "\x15\x03\x03\x00\x02\x02\x28"_ba << State::Unreadable;
        QTest::addRow("a body that ends in the session") << record("\x01"_ba + vector("\x03\x03"_ba + QByteArray(32, 'r') + "\x20"_ba, 3)) << State::Unreadable;
        QTest::addRow("an extension longer than all of them") << record(message("\x00\x00\xff\xff"_ba)) << State::Unreadable;
        QTest::addRow("octets behind the extensions")
            << record("\x01"_ba + vector(message({}).sliced(4) + "x", 3)) << State::Complete;
    }
    void hostileHellos() {
        QFETCH(QByteArray, peeked);
        QFETCH(State, state);
        const ClientHello read = tls::readClientHello(peeked);
        QVERIFY(read.state == state);
        QCOMPARE(read.serverName, "");
    }

    void T12_namesThatNoHostHasAreNone_data() {
        QTest::addColumn<QByteArray>("extension");
        const auto row = [](const char* what, const QByteArray& name) { QTest::addRow("%s", what) << serverName(name); };
        row("empty", "");
        row("a NUL in it", "mx.one.example\0.evil.example"_ba);
        row("a path", "../../etc/passwd");
        row("a star", "*.one.example");
        row("an address in brackets", "[192.0.2.1]");
        row("blanks and a line end", "mx one\r\nexample");
        row("octets over 127", "m\xc3\xbcx.example");
        row("dots alone", "...");
        row("a label of 64", QByteArray(64, 'a') + ".example");
        row("254 octets", QByteArray("a.").repeated(127));
        row("16 000 octets", QByteArray(16'000, 'a'));
        QTest::addRow("of another kind") << bigEndian(0, 2) + vector(vector("\x01"_ba + vector("mx.one.example", 2), 2), 2);
        QTest::addRow("longer than its list") << bigEndian(0, 2) + vector(vector(QByteArray(1, '\0') + "\xff\xff" + "mx", 2), 2);
        QTest::addRow("a list longer than the extension") << bigEndian(0, 2) + vector("\xff\xff"_ba, 2);
    }
    void T12_namesThatNoHostHasAreNone() {
        QFETCH(QByteArray, extension);
        const ClientHello read = tls::readClientHello(record(message(extension)));
        QVERIFY(read.state == State::Complete);
        QCOMPARE(read.serverName, "");
    }

    // More than one record can hold: the rest would be 44 KiB that nobody wants to keep.
    void T12_aNameOf64KiBIsNotWaitedFor() {
        const QByteArray hello = message(serverName(QByteArray(65'000, 'a')));
        QByteArray records;
        for (qsizetype at = 0; at < hello.size(); at += 16'384)
            records += record(hello.mid(at, 16'384));
        QVERIFY(tls::readClientHello(records.first(tls::kMostHello)).state == State::Unreadable);
    }

    void T16_whoNamesMailIsWelcome_data() {
        QTest::addColumn<QByteArrayList>("protocols");
        QTest::addColumn<bool>("somethingElse");
        QTest::addRow("nothing said") << QByteArrayList() << false;
        QTest::addRow("smtp") << QByteArrayList{"smtp"} << false;
        QTest::addRow("smtp among others") << QByteArrayList{"http/1.1", "smtp"} << false;
        QTest::addRow("http/1.1") << QByteArrayList{"http/1.1"} << true;
        QTest::addRow("imap") << QByteArrayList{"imap"} << true;
    }
    void T16_whoNamesMailIsWelcome() {
        QFETCH(QByteArrayList, protocols);
        QFETCH(bool, somethingElse);
        ClientHello hello;
        hello.protocols = protocols;
        QCOMPARE(tls::speaksSomethingElse(hello), somethingElse);
    }
};

QTEST_APPLESS_MAIN(TestClientHello)
#include "tst_client_hello.moc"
