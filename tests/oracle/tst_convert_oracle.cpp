// SPDX-License-Identifier: GPL-3.0-or-later
//
// What convert --to opensmtpd-6.8 writes, before the real smtpd -n of OpenSMTPD 6.8.0p2: every old file of the corpus, and
// the small set-ups of the three dialects. A text that names files, interfaces or table programs of another machine is
// fitted to this one first.
#include "convert/convert.h"

#include "gateway/convert/scenario_texts.h"
#include "oracle/smtpd_checker.h"
#include "support/memory_file_store.h"
#include "support/places.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace postern;
using namespace postern::test;
using namespace Qt::StringLiterals;
using config::Target;

namespace {

const QString kFolder = QStringLiteral(POSTERN_SOURCE_DIR "/tests/corpus/smtpd_conf/");

QByteArray contentOf(const QString& name) {
    QFile file(kFolder + name);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

// A document's excerpt names tables and certificates that are not in it; its own reader would not take it either.
const QSet<QString> kExcerpts = {u"legacy/300-poolpOrg-poolp.org.conf"_s, u"legacy/020-OpenSMTPD-table-sqlite.conf"_s,
                                 u"legacy/042-OpenSMTPD-table-postgres.conf"_s,
                                 u"legacy/126-OpenSMTPD-OpenSMTPD-extras.conf"_s};
// No rules in them, before and after.
const QSet<QString> kWithoutRules = {u"map2012/144-OpenSMTPD-OpenSMTPD.conf"_s,
                                     u"map2012/030-OpenSMTPD-OpenSMTPD.conf"_s,
                                     u"map2012/298-OpenSMTPD-OpenSMTPD.conf"_s};

} // namespace

class TestConvertOracle : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void oldFilesAreTaken_data();
    void oldFilesAreTaken();
    void scenariosAreTaken_data();
    void scenariosAreTaken();
    void newerFilesAreTaken_data();
    void newerFilesAreTaken();
    void aConfigurationInSeveralFilesIsTaken();

  private:
    SmtpdChecker m_smtpd;
};

void TestConvertOracle::oldFilesAreTaken_data() {
    QTest::addColumn<QString>("name");
    for (const QString& folder : {u"legacy"_s, u"map2012"_s}) {
        for (const QString& name : QDir(kFolder + folder).entryList({u"*.conf"_s}, QDir::Files, QDir::Name))
            QTest::addRow("%s", qPrintable(folder + u'/' + name)) << folder + u'/' + name;
    }
}

void TestConvertOracle::oldFilesAreTaken() {
    QVERIFY2(m_smtpd.isThere(), "run ./dev test once: it unpacks OpenSMTPD beside the build");
    QFETCH(QString, name);
    MemoryFileStore files;
    const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", contentOf(name), Target::OpenSmtpd68);
    if (made.isRefused) {
        QVERIFY(!made.diagnostics.empty());
        return;
    }
    const SmtpdVerdict verdict = m_smtpd.checkElsewhere(made.text);
    const bool isExpected = kExcerpts.contains(name) || kWithoutRules.contains(name)
                                ? verdict.says == SmtpdSays::Refused
                                : verdict.says == SmtpdSays::Good;
    QVERIFY2(isExpected, (verdict.messages + '\n' + made.text).constData());
}

void TestConvertOracle::scenariosAreTaken_data() {
    QTest::addColumn<QByteArray>("before");
    for (const ScenarioText& one : scenarioTexts())
        QTest::addRow("%s", one.name) << one.before;
}

void TestConvertOracle::scenariosAreTaken() {
    QFETCH(QByteArray, before);
    MemoryFileStore files;
    files.put("/etc/mail/upstreams", scenarioUpstreams());
    const convert::Converted made = convert::convertText(files, "/p/smtpd.conf", before, Target::OpenSmtpd68);
    const SmtpdVerdict verdict = m_smtpd.checkElsewhere(made.text);
    QVERIFY2(verdict.says == SmtpdSays::Good, (verdict.messages + '\n' + made.text).constData());
}

void TestConvertOracle::newerFilesAreTaken_data() {
    QTest::addColumn<QString>("name");
    for (const QString& name : QDir(kFolder + u"modern"_s).entryList({u"*.conf"_s}, QDir::Files, QDir::Name))
        QTest::addRow("modern/%s", qPrintable(name)) << u"modern/"_s + name;
}

// There and back: what an old file would say is taken again. Nobody here can run a reader of 5.9, so its text is converted
// once more.
void TestConvertOracle::newerFilesAreTaken() {
    QFETCH(QString, name);
    MemoryFileStore files;
    const convert::Converted old = convert::convertText(files, "/p/smtpd.conf", contentOf(name), Target::OpenSmtpd59);
    if (old.isRefused || old.lostSomething())
        return;
    const convert::Converted made =
        convert::convertText(files, "/p/smtpd.conf", old.text, Target::OpenSmtpd68, {config::Dialect::Legacy});
    QVERIFY2(!made.isRefused, old.text.constData());
    const SmtpdVerdict first = m_smtpd.checkElsewhere(contentOf(name));
    const SmtpdVerdict verdict = m_smtpd.checkElsewhere(made.text);
    QVERIFY2(verdict.says == SmtpdSays::Good || first.says != SmtpdSays::Good,
             (verdict.messages + '\n' + made.text).constData());
}

// All files of it together: the included ones are written where the new includes name them.
void TestConvertOracle::aConfigurationInSeveralFilesIsTaken() {
    QTemporaryDir folder;
    const QByteArray out = QFile::encodeName(folder.filePath(u"smtpd.conf"_s));
    MemoryFileStore files;
    files.put("/p/smtpd.conf", "include \"tables.conf\"\ninclude \"rules/office.conf\"\n"
                               "accept for any relay via tls://mx.example.net\n");
    files.put("/p/tables.conf", "lan = \"10.0.0.0/8\"\ntable inside { $lan }\nexpire 2d\nlisten on lo port 2525 tag IN\n");
    files.put("/p/rules/office.conf", "accept tagged IN from source <inside> for any relay via tls://mx.example.net\n"
                                      "accept for local deliver to mbox\n");
    convert::Options options;
    options.out = out;
    const convert::Converted made = convert::convert(files, "/p/smtpd.conf", Target::OpenSmtpd68, options).value();
    QVERIFY(!made.lostSomething());
    QCOMPARE(made.included.size(), size_t(2));
    for (const convert::ConvertedFile& one : made.included) {
        QFile file(QFile::decodeName(one.to));
        QVERIFY(file.open(QIODevice::WriteOnly) && file.write(one.text) == one.text.size());
    }
    const SmtpdVerdict verdict = m_smtpd.check(made.text);
    QVERIFY2(verdict.says == SmtpdSays::Good, (verdict.messages + '\n' + made.text).constData());
}

QTEST_GUILESS_MAIN(TestConvertOracle)
#include "tst_convert_oracle.moc"
