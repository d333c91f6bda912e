// SPDX-License-Identifier: GPL-3.0-or-later
//
// The set-ups that Postern must run, from an old dialect to OpenSMTPD 6.8, to the letter.
#include "gateway/convert/conversion.h"
#include "gateway/convert/scenario_texts.h"

#include <QTest>

using namespace postern;
using config::Target;

class TestConvertScenarios : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void scenarios_data();
    void scenarios();
    void pathsBesideTheConfigurationGoToTheServer();
    void theSecretsOfATableAreInNoReport();
};

void TestConvertScenarios::scenarios_data() {
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::addColumn<QByteArray>("report");
    for (const test::ScenarioText& one : test::scenarioTexts())
        QTest::addRow("%s", one.name) << one.before << one.after << one.report;
}

void TestConvertScenarios::scenarios() {
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, report);
    test::MemoryFileStore files;
    files.put("/etc/mail/upstreams", test::scenarioUpstreams());
    const test::Conversion made = test::converted(files, before, Target::OpenSmtpd68);
    QTEST(made.text, "after");
    const QByteArray said = made.report.join('\n');
    QVERIFY2(report.isEmpty() ? !said.contains(": lost: ") && !said.contains(": changed: ") : said.contains(": " + report), said.constData());
    QCOMPARE(test::converted(files, made.text, Target::OpenSmtpd68, config::Dialect::Modern).text, made.text);
}

void TestConvertScenarios::pathsBesideTheConfigurationGoToTheServer() {
    const test::Conversion made = test::converted("table users file:tables/users\npki g certificate \"certs/g.crt\" key \"/k\"\n"
                                                  "listen on lo tls pki g auth <users>\nreject for any\n",
                                                  Target::OpenSmtpd59);
    QCOMPARE(made.text, QByteArray("table users file:/etc/mail/tables/users\npki g certificate \"/etc/mail/certs/g.crt\" key \"/k\"\n"
                                   "listen on lo tls pki g auth <users>\nreject for any\n"));
    QVERIFY2(made.report.join('\n').contains("1: changed: OpenSMTPD wants a whole path: put the file at /etc/mail/tables/users"),
             made.report.join('\n').constData());
}

void TestConvertScenarios::theSecretsOfATableAreInNoReport() {
    const QByteArray text = "table s { l = \"ann:hunter2\" }\nqueue encryption key hunter2hunter2hunter2hunter2hunte\n"
                            "accept for any relay via \"secure+auth://ann:hunter2@mx.example\" auth <s>\n"
                            "accept from any for any relay via tls+auth://l@mx.example auth { l = \"ann:hunter2\" }\n";
    for (const Target target : {Target::OpenSmtpd2012, Target::OpenSmtpd59, Target::OpenSmtpd68, Target::OpenSmtpd78})
        QVERIFY2(!test::converted(text, target).report.join('\n').contains("hunter2"),
                 test::converted(text, target).report.join('\n').constData());
}

QTEST_GUILESS_MAIN(TestConvertScenarios)
#include "tst_convert_scenarios.moc"
