// SPDX-License-Identifier: GPL-3.0-or-later
//
// What --json prints, key by key: other programs rely on it, so a key that goes, comes or changes its type shows here. The
// shapes are those of docs/manual/commands.md.
#include "stories/support/gateway_process.h"

#include <QTest>

using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

// "line:number rule:string": every key with the type of its value, in alphabetical order.
QByteArray keysOf(const QJsonValue& value) {
    const QJsonObject object = value.toObject();
    QByteArrayList keys;
    for (auto each = object.begin(); each != object.end(); ++each) {
        static constexpr const char* kTypes[] = {"null", "bool", "number", "string", "array", "object"};
        keys.append(each.key().toUtf8() + ':' + (each.value().isUndefined() ? "undefined" : kTypes[each.value().type()]));
    }
    return keys.join(' ');
}

const QByteArray kConfig = "table secrets { l = \"u:not-to-be-seen\" }\n"
                           "listen on 127.0.0.1 port 2525\n"
                           "action \"out\" relay host \"smtp+tls://l@mx.example.net:587\" auth <secrets> src \"127.0.0.2\" helo \"gate.example.net\"\n"
                           "action \"box\" maildir \"/tmp/%{user.username}\" user root\n"
                           "action \"mx\" relay\n"
                           "match from local for domain \"box.test\" action \"box\"\n"
                           "match from local for domain \"mx.test\" action \"mx\"\n"
                           "match from local for any action \"out\"\n";

QJsonObject explained(const GatewayProcess& files, const QStringList& more) {
    const Ran ran = posternctl(QStringList{u"explain"_s, u"-f"_s, files.path(u"smtpd.conf"_s), u"--json"_s, u"--mail-from"_s, u"a@b.test"_s} + more);
    return ran.out.contains("not-to-be-seen") ? QJsonObject() : ran.json().toObject();
}

const QByteArray kExplained = "envelopes:array line:number reply:%1 rule:string trace:array verdict:string";

} // namespace

class StoryJsonShapes : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void explainOfARelay() {
        GatewayProcess files(kConfig);
        const QJsonObject all = explained(files, {u"--local"_s, u"--rcpt-to"_s, u"c@d.test"_s});
        QCOMPARE(keysOf(all), QByteArray(kExplained).replace("%1", "null"));
        QCOMPARE(all["verdict"_L1].toString(), u"relay"_s);
        QCOMPARE(all["line"_L1].toInt(), 8);
        QCOMPARE(all["rule"_L1].toString(), u"match from local for any action \"out\""_s);
        QCOMPARE(all["trace"_L1].toArray().size(), 3);
        for (const QJsonValue& step : all["trace"_L1].toArray())
            QCOMPARE(keysOf(step), "because:string line:number matched:bool");
        QCOMPARE(all["trace"_L1].toArray().last().toObject()["matched"_L1].toBool(), true);
        QCOMPARE(all["envelopes"_L1].toArray().size(), 1);
        const QJsonObject envelope = all["envelopes"_L1].toArray().first().toObject();
        QCOMPARE(keysOf(envelope), "path:null rcpt:string relay:object user:null via:string");
        QCOMPARE(envelope["rcpt"_L1].toString(), u"c@d.test"_s);
        QCOMPARE(envelope["via"_L1].toString(), u"relay"_s);
        const QJsonObject relay = envelope["relay"_L1].toObject();
        QCOMPARE(keysOf(relay), "helo:string label:string source:array tls:string url:string verify:bool");
        QCOMPARE(relay["url"_L1].toString(), u"smtp+tls://l@mx.example.net:587"_s);
        QCOMPARE(relay["tls"_L1].toString(), u"required"_s);
        QCOMPARE(relay["verify"_L1].toBool(), true);
        QCOMPARE(relay["label"_L1].toString(), u"l"_s);
        QCOMPARE(relay["source"_L1].toArray(), QJsonArray{u"127.0.0.2"_s});
        QCOMPARE(relay["helo"_L1].toString(), u"gate.example.net"_s);
    }

    void explainOfARelayByMx() {
        GatewayProcess files(kConfig);
        const QJsonObject all = explained(files, {u"--local"_s, u"--rcpt-to"_s, u"c@mx.test"_s});
        const QJsonObject relay = all["envelopes"_L1].toArray().first().toObject()["relay"_L1].toObject();
        QCOMPARE(relay["label"_L1].type(), QJsonValue::Null);
        QCOMPARE(relay["source"_L1].type(), QJsonValue::Array);
        QVERIFY((QStringList{u"none"_s, u"opportunistic"_s, u"required"_s, u"wrapped"_s}).contains(relay["tls"_L1].toString()));
    }

    void explainOfADelivery() {
        GatewayProcess files(kConfig);
        const QJsonObject all = explained(files, {u"--local"_s, u"--rcpt-to"_s, u"root@box.test"_s});
        QCOMPARE(keysOf(all), QByteArray(kExplained).replace("%1", "null"));
        QCOMPARE(all["verdict"_L1].toString(), u"deliver"_s);
        const QJsonObject envelope = all["envelopes"_L1].toArray().first().toObject();
        QCOMPARE(keysOf(envelope), "path:string rcpt:string relay:null user:string via:string");
        QCOMPARE(envelope["via"_L1].toString(), u"maildir"_s);
        QCOMPARE(envelope["user"_L1].toString(), u"root"_s);
    }

    void explainOfARefusal() {
        GatewayProcess files(kConfig);
        const QJsonObject all = explained(files, {u"--client"_s, u"192.0.2.1"_s, u"--rcpt-to"_s, u"c@d.test"_s});
        QCOMPARE(keysOf(all), QByteArray(kExplained).replace("%1", "string"));
        QCOMPARE(all["verdict"_L1].toString(), u"reject"_s);
        QVERIFY(all["reply"_L1].toString().startsWith(u"550 "_s));
        QCOMPARE(all["envelopes"_L1].toArray().size(), 0);
    }

    void explainOfABrokenFile() {
        GatewayProcess files("listen on lo tsl\n");
        const QJsonObject all = explained(files, {u"--local"_s, u"--rcpt-to"_s, u"c@d.test"_s});
        QCOMPARE(keysOf(all), "diagnostics:array error:string ok:bool");
        QCOMPARE(all["ok"_L1].toBool(true), false);
    }

    void check_data() {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QString>("target");
        QTest::addColumn<bool>("ok");
        QTest::newRow("good") << kConfig << u"postern"_s << true;
        QTest::newRow("an error with a near miss") << QByteArray("listen on lo tsl\n") << u"postern"_s << false;
        QTest::newRow("another reader") << kConfig << u"opensmtpd-6.8"_s << true;
        QTest::newRow("another reader refuses") << QByteArray("listen on socket no-dsn\n") + kConfig << u"opensmtpd-6.8"_s << false;
    }
    void check() {
        QFETCH(const QByteArray, config);
        QFETCH(const QString, target);
        QFETCH(const bool, ok);
        GatewayProcess files(config);
        const Ran ran = posternctl({u"check"_s, files.path(u"smtpd.conf"_s), u"--json"_s, u"--syntax-only"_s, u"--target"_s, target});
        const QJsonObject all = ran.json().toObject();
        QCOMPARE(ran.exit, ok ? 0 : 1);
        QCOMPARE(keysOf(all), "diagnostics:array ok:bool target:string");
        QCOMPARE(all["ok"_L1].toBool(), ok);
        QCOMPARE(all["target"_L1].toString(), target);
        bool anyError = false;
        for (const QJsonValue& one : all["diagnostics"_L1].toArray()) {
            const QByteArray keys = keysOf(one);
            QVERIFY2(keys == "column:number file:string line:number severity:string suggestion:null text:string" ||
                         keys == "column:number file:string line:number severity:string suggestion:string text:string",
                     keys.constData());
            const QString severity = one["severity"_L1].toString();
            QVERIFY((QStringList{u"note"_s, u"warning"_s, u"error"_s}).contains(severity));
            anyError = anyError || severity == u"error"_s;
            QCOMPARE(one["file"_L1].toString(), files.path(u"smtpd.conf"_s));
        }
        QCOMPARE(anyError, !ok);
    }

    void convert() {
        GatewayProcess files("listen on lo\ncurve \"p256\"\naccept for any relay\n");
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        const QJsonObject all = ran.json().toObject();
        QCOMPARE(ran.exit, 1);
        QCOMPARE(keysOf(all), "included:array lost:bool report:array text:string");
        QCOMPARE(all["lost"_L1].toBool(), true);
        QVERIFY(!all["report"_L1].toArray().isEmpty());
        for (const QJsonValue& one : all["report"_L1].toArray()) {
            QCOMPARE(keysOf(one), "column:number file:string kind:string line:number text:string");
            QVERIFY((QStringList{u"changed"_s, u"lost"_s, u"note"_s}).contains(one["kind"_L1].toString()));
        }
    }

    void convertOfABrokenFile() {
        GatewayProcess files("listen on lo tsl\n");
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        QCOMPARE(ran.exit, 1);
        QCOMPARE(keysOf(ran.json()), "diagnostics:array error:string ok:bool");
    }

    void print_data() {
        QTest::addColumn<QByteArray>("config");
        QTest::addColumn<QByteArray>("keys");
        QTest::newRow("text") << kConfig.sliced(kConfig.indexOf('\n') + 1) << QByteArray("base64:null file:string text:string");
        QTest::newRow("bytes that are no text") << QByteArray("# \xff\n") << QByteArray("base64:string file:string text:null");
    }
    void print() {
        QFETCH(const QByteArray, config);
        QFETCH(const QByteArray, keys);
        GatewayProcess files(config);
        const Ran ran = posternctl({u"print"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        QCOMPARE(ran.exit, 0);
        QCOMPARE(keysOf(ran.json()), keys);
        const QJsonObject all = ran.json().toObject();
        QCOMPARE(all["text"_L1].isNull() ? QByteArray::fromBase64(all["base64"_L1].toString().toLatin1()) : all["text"_L1].toString().toUtf8(), config);
    }
};

QTEST_GUILESS_MAIN(StoryJsonShapes)
#include "tst_story_json_shapes.moc"
