// SPDX-License-Identifier: GPL-3.0-or-later
//
// Command lines, parameters, xtext, SASL responses and fixed replies: the small grammars of a session.
#include "smtp/auth_login.h"
#include "smtp/auth_plain.h"
#include "smtp/command.h"
#include "smtp/esmtp_params.h"
#include "smtp/extensions.h"
#include "smtp/server_replies.h"
#include "smtp/xtext.h"

#include <QTest>

using namespace postern;
using namespace postern::smtp;
using namespace Qt::StringLiterals;

namespace {

// "user/password", "malformed" or "impossible".
QByteArray plain(const QByteArray& message) {
    AuthFault fault = AuthFault::None;
    const auto attempt = readPlain(message.toBase64(), fault);
    if (attempt)
        return attempt->user + '/' + attempt->password.expose().toByteArray();
    return fault == AuthFault::Malformed ? "malformed"_ba : "impossible"_ba;
}

QByteArray path(const QByteArray& argument) {
    const auto parts = splitPath(argument, "FROM:");
    return parts ? parts->path.toByteArray() + '|' + parts->parameters.toByteArray() : "none"_ba;
}

} // namespace

class TestCommand : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void verbs() {
        QCOMPARE(parseCommand("NOOP").verb, Verb::Noop);
        QCOMPARE(parseCommand("noop  ").verb, Verb::Noop);
        QCOMPARE(parseCommand("NOOPX").verb, Verb::Unknown);
        QCOMPARE(parseCommand("").verb, Verb::Unknown);
        QCOMPARE(parseCommand(" NOOP").verb, Verb::Unknown);
        QCOMPARE(parseCommand("POST / HTTP/1.1").verb, Verb::Foreign);
        QCOMPARE(parseCommand("PROXY TCP4 1 2 3 4").verb, Verb::Foreign);
        QCOMPARE(parseCommand("EHLO  a.example \t").argument.toByteArray(), "a.example"_ba);
    }

    void paths_data() {
        QTest::addColumn<QByteArray>("argument");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("null") << "FROM:<>"_ba << "|"_ba;
        QTest::newRow("plain") << "from:<a@b>"_ba << "a@b|"_ba;
        QTest::newRow("blank behind the colon") << "FROM: <a@b>"_ba << "a@b|"_ba;
        QTest::newRow("parameters") << "FROM:<a@b> SIZE=1  BODY=7BIT "_ba << "a@b|SIZE=1  BODY=7BIT"_ba;
        QTest::newRow("P09 a quoted bracket does not close") << "FROM:<\"a>b\"@c>"_ba << "\"a>b\"@c|"_ba;
        QTest::newRow("P09 nor one behind an escaped quote") << "FROM:<\"a\\\">b\"@c>"_ba << "\"a\\\">b\"@c|"_ba;
        QTest::newRow("P01 no brackets") << "FROM:a@b"_ba << "none"_ba;
        QTest::newRow("P01 not closed") << "FROM:<a@b"_ba << "none"_ba;
        QTest::newRow("P01 quotes not closed") << "FROM:<\"a@b>"_ba << "none"_ba;
        QTest::newRow("P01 text behind") << "FROM:<a@b>x"_ba << "none"_ba;
        QTest::newRow("other keyword") << "TO:<a@b>"_ba << "none"_ba;
        QTest::newRow("nothing") << ""_ba << "none"_ba;
    }

    void paths() {
        QFETCH(const QByteArray, argument);
        QFETCH(const QByteArray, expected);
        QCOMPARE(path(argument), expected);
    }

    void N13_parameters() {
        const auto list = splitParameters("size=10 BODY=7BIT X-Y");
        QVERIFY(list.has_value());
        QCOMPARE(list->size(), size_t(3));
        QCOMPARE((*list)[0].name, "SIZE"_ba);
        QCOMPARE((*list)[0].value.toByteArray(), "10"_ba);
        QVERIFY(!(*list)[2].hasValue);
        QVERIFY(splitParameters("").has_value());
        QVERIFY(!splitParameters("SIZE=1 size=2"));
        QVERIFY(!splitParameters("=1"));
        QVERIFY(!splitParameters("-A=1"));
        QVERIFY(splitParameters("A=\xc3\xbc") && !splitParameters("A=\xc3"));
        QVERIFY(!splitParameters("A=b\tc"));
    }

    void aSizeWithoutLimitIsKept() {
        MailParams params;
        QVERIFY(readMailParams("SIZE=99999999999999999999", {0, false}, params).empty());
        QCOMPARE(params.declaredSize, std::numeric_limits<qint64>::max()); // L11
        QVERIFY(readMailParams("SIZE=0 BODY=8BITMIME", {10, false}, params).empty());
        QCOMPARE(params.declaredSize, 0);
        QCOMPARE(params.body, BodyType::EightBitMime);
    }

    void P11_xtext() {
        QCOMPARE(decodeXtext("a+2Bb+3D").value(), "a+b="_ba);
        QCOMPARE(decodeXtext("").value(), ""_ba);
        QVERIFY(!decodeXtext("a+0D+0Ab"));
        QVERIFY(!decodeXtext("a+00"));
        QVERIFY(!decodeXtext("a+2b")); // lower case
        QVERIFY(!decodeXtext("a+ZZ"));
        QVERIFY(!decodeXtext("a+2"));
        QVERIFY(!decodeXtext("a=b"));
        QVERIFY(!decodeXtext("a b"));
        QVERIFY(!decodeXtext("\xc3\xbc"));
    }

    void base64() {
        QCOMPARE(decodeStrictBase64("").value(), ""_ba);
        QCOMPARE(decodeStrictBase64("YQ==").value(), "a"_ba);
        for (const char* bad : {"=", "YQ", "YQ=", "YQ===", "Y Q==", "YQ==\t", "YR==", "!!!!", "YQ==YQ==", "YW-_"})
            QVERIFY2(!decodeStrictBase64(bad), bad);
    }

    void A03_plain_data() {
        QTest::addColumn<QByteArray>("message");
        QTest::addColumn<QByteArray>("expected");
        QTest::newRow("login") << "\0user\0pass"_ba << "user/pass"_ba;
        QTest::newRow("one-character password") << "\0u\0p"_ba << "u/p"_ba;
        QTest::newRow("the login as its own authzid") << "user\0user\0pass"_ba << "user/pass"_ba;
        QTest::newRow("another authzid") << "admin\0user\0pass"_ba << "impossible"_ba;
        QTest::newRow("no NUL") << "user"_ba << "malformed"_ba;
        QTest::newRow("one NUL") << "\0user"_ba << "malformed"_ba;
        QTest::newRow("three NULs") << "a\0b\0c\0d"_ba << "malformed"_ba;
        QTest::newRow("empty user") << "\0\0pass"_ba << "impossible"_ba;
        QTest::newRow("A12 empty password") << "\0user\0"_ba << "impossible"_ba;
        QTest::newRow("nothing but NULs") << "\0\0"_ba << "impossible"_ba;
        QTest::newRow("line end in the user") << "\0us\ner\0pass"_ba << "impossible"_ba;
        QTest::newRow("user is no UTF-8") << "\0\xff\0pass"_ba << "impossible"_ba;
        QTest::newRow("any octet in the password") << "\0user\0\xff\r\n"_ba << "user/\xff\r\n"_ba;
        QTest::newRow("user of 256") << '\0' + QByteArray(256, 'u') + "\0p"_ba << "impossible"_ba;
    }

    void A03_plain() {
        QFETCH(const QByteArray, message);
        QFETCH(const QByteArray, expected);
        QCOMPARE(plain(message), expected);
    }

    void loginAnswers() {
        QCOMPARE(readLoginUser("dXNlcg==").value(), "user"_ba);
        QVERIFY(!readLoginUser("dXNlcg"));
        QCOMPARE(readLoginPassword("cmlnaHQ=")->expose().toByteArray(), "right"_ba);
        QVERIFY(!readLoginPassword("*"));
    }

    void heloNames() {
        for (const char* good : {"a", "a.example", "[127.0.0.1]", "[IPv6:::1]", "[::1]", "[fe80::1%eth0]", "10.0.0.1", "MY_PC"})
            QVERIFY2(isValidHelo(good), good);
        for (const char* bad : {"", "a b", "a;b", "<a>", "a\x1b", "\x80", "a:b", "[a b]", "a/b", "$(id)"})
            QVERIFY2(!isValidHelo(bad), bad);
        QVERIFY(!isValidHelo(QByteArray(256, 'a')));
    }

    void ehloKeywordsFollowTheSession_data() {
        QTest::addColumn<bool>("inTls");
        QTest::addColumn<bool>("authenticated");
        QTest::addColumn<QByteArray>("expected");
        const QByteArray always = "PIPELINING|SIZE 36700160|8BITMIME|ENHANCEDSTATUSCODES|CHUNKING|SMTPUTF8|DSN|"
                                  "LIMITS MAILMAX=100 RCPTMAX=1000|";
        QTest::newRow("in clear") << false << false << always + "STARTTLS|HELP";
        QTest::newRow("in TLS") << true << false << always + "AUTH PLAIN LOGIN|HELP";
        QTest::newRow("logged in") << true << true << always + "HELP";
    }

    void ehloKeywordsFollowTheSession() {
        QFETCH(const bool, inTls);
        QFETCH(const bool, authenticated);
        QFETCH(const QByteArray, expected);
        const ServerFeatures features{"gate.example", true, false, false, AuthMode::Optional};
        QCOMPARE(ehloKeywords(features, ServerLimits(), inTls, authenticated).join('|'), expected);
        const QByteArrayList bare = ehloKeywords({"gate.example"}, ServerLimits(), inTls, false);
        QVERIFY(!bare.contains("STARTTLS") && !bare.contains("AUTH PLAIN LOGIN"));
        ServerFeatures noDsn{"gate.example"};
        noDsn.dsn = false;
        ServerLimits endless;
        endless.maxMails = 0;
        const QByteArrayList less = ehloKeywords(noDsn, endless, inTls, false);
        QVERIFY(!less.contains("DSN") && less.contains("LIMITS RCPTMAX=1000"));
    }

    void everyFixedReplyIsWellFormed() {
        for (const replies::Wire wire : replies::kAll) {
            const QByteArray reply(wire.data(), qsizetype(wire.size()));
            QVERIFY2(reply.endsWith("\r\n"), reply.constData());
            for (const QByteArray& line : reply.chopped(2).split('\n')) {
                QVERIFY2(line.size() <= 511 && line.size() >= 4, line.constData());
                // RFC 2034 §4: 3xx has no enhanced code; otherwise its class is the first digit of the reply
                QVERIFY2(line[0] == '3' || (line[4] == line[0] && line[5] == '.'), line.constData());
                QVERIFY2(line.left(3) == reply.left(3), line.constData());
            }
        }
    }
};

QTEST_APPLESS_MAIN(TestCommand)
#include "tst_command.moc"
