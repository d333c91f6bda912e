// SPDX-License-Identifier: GPL-3.0-or-later
//
// posternctl convert as somebody uses it who brings an old smtpd.conf: text, report, exit status, and the file it writes.
#include "stories/support/gateway_process.h"

#include <QFileInfo>
#include <QDir>
#include <QFile>
#include <QTest>

using namespace postern::test;
using namespace Qt::StringLiterals;

namespace {

const QByteArray kOld = "# the office\n"
                        "listen on lo\n"
                        "accept for any relay via tls://smart.example.net # out\n";
const QByteArray kNew = "# the office\n"
                        "listen on lo\n"
                        "action \"smart.example.net\" relay host \"smtp+tls://smart.example.net\" tls no-verify\n"
                        "match from local for any action \"smart.example.net\" # out\n";

QByteArray contentOf(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("cannot be read");
}

} // namespace

class StoryConvert : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void theTextGoesToStandardOutputAndTheReportBeside() {
        GatewayProcess files(kOld);
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.out, kNew);
        QCOMPARE(ran.err, QByteArray());
        QCOMPARE(ran.exit, 0);
        const Ran named = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s), u"-o"_s, u"-"_s});
        QCOMPARE(named.out, kNew); // and no file of that name
        QVERIFY(!QFileInfo::exists(u"-"_s));
    }

    void whatIsLostIsNamedWithItsPlaceAndMakesStatusOne() {
        GatewayProcess files("listen on lo\ncurve \"p256\"\naccept for any relay\n");
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.out.contains("\n# not in OpenSMTPD 6.8: curve \"p256\"\n"), ran.out);
        STORY_VERIFY(ran.err.contains("smtpd.conf:2:1: lost: \"curve\" can't be said in OpenSMTPD 6.8"), ran.err);
    }

    void jsonIsOneValueWithTextAndReport() {
        GatewayProcess files("listen on lo\nbounce-warn\naccept for any relay\n");
        const Ran ran =
            posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-7.8"_s, files.path(u"smtpd.conf"_s), u"--json"_s});
        QCOMPARE(ran.exit, 0);
        const QJsonObject all = ran.json().toObject();
        STORY_VERIFY(all["text"_L1].toString().contains(u"bounce warn-interval 365d\n"_s), ran.out);
        QCOMPARE(all["lost"_L1].toBool(true), false);
        const QJsonObject first = all["report"_L1].toArray().at(0).toObject();
        QCOMPARE(first["kind"_L1].toString(), u"changed"_s);
        QCOMPARE(first["line"_L1].toInt(), 2);
        QCOMPARE(first["column"_L1].toInt(), 1);
        STORY_VERIFY(first["file"_L1].toString().endsWith(u"smtpd.conf"_s) && !first["text"_L1].toString().isEmpty(),
                     ran.out);
    }

    void aFileWithErrorsIsRefusedAndNothingIsWritten() {
        GatewayProcess files("accept fro any for any relay\n");
        files.write(u"out.conf"_s, "before");
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"smtpd.conf"_s), u"-o"_s,
                                    files.path(u"out.conf"_s), u"--json"_s});
        QCOMPARE(ran.exit, 1);
        STORY_VERIFY(ran.err.contains(":1:8: error: ") && ran.err.contains("did you mean \"from\"?"), ran.err);
        QCOMPARE(ran.json().toObject()["ok"_L1].toBool(true), false);
        QCOMPARE(contentOf(files.path(u"out.conf"_s)), QByteArray("before"));
    }

    void theOldFileStaysUntilTheNewOneIsWhole() {
        GatewayProcess files(kOld);
        const QString own = files.path(u"smtpd.conf"_s);
        const Ran replaced = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own, u"-o"_s, own});
        QCOMPARE(replaced.exit, 0);
        QCOMPARE(replaced.out, QByteArray());
        QCOMPARE(contentOf(own), kNew);
        // A folder stands where the file should go: refused, and nothing half is left beside it.
        QVERIFY(QDir().mkpath(files.path(u"taken/inside"_s)));
        const Ran refused = posternctl({u"convert"_s, u"--to"_s, u"postern"_s, own, u"-o"_s, files.path(u"taken"_s)});
        QCOMPARE(refused.exit, 1);
        QVERIFY(!refused.err.isEmpty());
        QCOMPARE(QDir(files.folder()).entryList(QDir::Files | QDir::Hidden), QStringList{u"smtpd.conf"_s});
        QCOMPARE(contentOf(own), kNew);
        QCOMPARE(posternctl({u"convert"_s, u"--to"_s, u"postern"_s, own, u"-o"_s, files.path(u"none/out"_s)}).exit, 1);
    }

    void includedFilesAreWrittenBesideTheOutput() {
        GatewayProcess files("listen on lo\ninclude \"rules.conf\"\n");
        files.write(u"rules.conf"_s, "accept for any relay\n");
        const QString own = files.path(u"smtpd.conf"_s), out = files.path(u"new.conf"_s);
        const Ran alone = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own});
        QCOMPARE(alone.exit, 1); // the half of it would be a mix of two languages
        STORY_VERIFY(alone.err.contains("smtpd.conf:2:1: lost: ") && alone.err.contains("-o FILE writes it beside FILE"), alone.err);
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own, u"-o"_s, out});
        QCOMPARE(ran.exit, 0);
        STORY_VERIFY(ran.err.contains("new.conf.rules.conf now"), ran.err);
        QCOMPARE(contentOf(out), "listen on lo\ninclude \"" + QFile::encodeName(files.path(u"new.conf.rules.conf"_s)) + "\"\n");
        QCOMPARE(contentOf(files.path(u"new.conf.rules.conf"_s)),
                 QByteArray("action \"outbound\" relay\nmatch from local for any action \"outbound\"\n"));
        QCOMPARE(contentOf(files.path(u"rules.conf"_s)), QByteArray("accept for any relay\n"));
        QCOMPARE(posternctl({u"check"_s, out, u"--target"_s, u"opensmtpd-6.8"_s}).exit, 0);
        const Ran json = posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own, u"--json"_s});
        QCOMPARE(json.exit, 0);
        const QJsonObject included = json.json().toObject()["included"_L1].toArray().at(0).toObject();
        STORY_VERIFY(included["file"_L1].toString().endsWith(u"rules.conf"_s), json.out);
        STORY_VERIFY(included["to"_L1].isNull() && included["text"_L1].toString().startsWith(u"action "_s), json.out);
    }

    void forPosternNothingChanges() {
        GatewayProcess files(kOld);
        const Ran ran = posternctl({u"convert"_s, u"--to"_s, u"postern"_s, files.path(u"smtpd.conf"_s)});
        QCOMPARE(ran.out, kOld);
        QCOMPARE(ran.exit, 0);
    }

    void wrongUsageIsExitTwo() {
        GatewayProcess files(kOld);
        const QString own = files.path(u"smtpd.conf"_s);
        QCOMPARE(posternctl({u"convert"_s, own}).exit, 2);
        QCOMPARE(posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s}).exit, 2);
        const Ran unknown = posternctl({u"convert"_s, u"--to"_s, u"postfix"_s, own});
        QCOMPARE(unknown.exit, 2);
        STORY_VERIFY(unknown.err.contains("opensmtpd-7.8"), unknown.err);
        QCOMPARE(posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own, u"--dialect"_s, u"latin"_s}).exit, 2);
        QCOMPARE(posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, own, u"--dialect"_s, u"modern"_s}).exit, 1);
        QCOMPARE(posternctl({u"convert"_s, u"--to"_s, u"opensmtpd-6.8"_s, files.path(u"none"_s)}).exit, 1);
    }
};

QTEST_GUILESS_MAIN(StoryConvert)
#include "tst_story_convert.moc"
