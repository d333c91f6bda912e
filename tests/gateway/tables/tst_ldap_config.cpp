// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/ldap_config.h"

#include <QTest>

using namespace postern;
using namespace postern::tables;

namespace {

const QByteArray kPlace = "url ldap://directory.example\nbasedn dc=office,dc=example\n";

ReadLdapPlan read(const QByteArray& text, bool mayNameUsers = false) {
    return readLdapPlan({"people", "/etc/mail/people.conf", text, mayNameUsers});
}

QByteArray problems(const ReadLdapPlan& read) {
    QByteArrayList lines;
    for (const TableProblem& one : read.problems)
        lines.append(QByteArray::number(one.line) + (one.isWarning ? " warning: " : " error: ") + one.text);
    return lines.join('\n');
}

} // namespace

class TestLdapConfig : public QObject {
    Q_OBJECT
  private Q_SLOTS:
    void readsEveryKey();
    void urls_data();
    void urls();
    void complains_data();
    void complains();
    void B03_keysAreEscaped_data();
    void B03_keysAreEscaped();
    void wordsOfAFilter();
    void userinfoOfEarlierReleases();
};

void TestLdapConfig::readsEveryKey() {
    const ReadLdapPlan all = read("url ldaps://directory.example:1636\nusername cn=mail,dc=office,dc=example\npassword p w\n"
                                  "basedn dc=office,dc=example\nca_file /etc/ssl/office.pem\n"
                                  "alias_filter (&(objectClass=group)(cn=%s))\nalias_attributes mail\n"
                                  "credentials_filter (uid=%s)\ncredentials_attributes uid,userPassword\n"
                                  "domain_filter (dc=%s)\ndomain_attributes dc\n"
                                  "userinfo_filter (uid=%s)\nuserinfo_attributes uidNumber, gidNumber, homeDirectory\n"
                                  "mailaddr_filter (mail=%s)\nmailaddr_attributes mail\n"
                                  "mailaddrmap_filter (uid=%s)\nmailaddrmap_attributes mail\n"
                                  "netaddr_filter (ipHostNumber=%s)\nnetaddr_attributes ipHostNumber\n");
    QCOMPARE(problems(all), "");
    QVERIFY(all.isUsable);
    QCOMPARE(all.plan.uri, "ldaps://directory.example:1636");
    QCOMPARE(int(all.plan.tls), int(LdapTls::Wrapped));
    QCOMPARE(all.plan.bindDn, "cn=mail,dc=office,dc=example");
    QCOMPARE(all.plan.password.expose().toByteArray(), "p w");
    QCOMPARE(all.plan.base, "dc=office,dc=example");
    QCOMPARE(all.plan.caFile, "/etc/ssl/office.pem");
    QCOMPARE(all.plan.searches.size(), size_t(7));
    QCOMPARE(all.plan.searches.at(Service::Alias).filter, "(&(objectClass=group)(cn=%s))");
    QCOMPARE(all.plan.searches.at(Service::Alias).line, 6);
    QCOMPARE(all.plan.searches.at(Service::Userinfo).attributes, (QByteArrayList{"uidNumber", "gidNumber", "homeDirectory"}));
}

void TestLdapConfig::urls_data() {
    QTest::addColumn<QByteArray>("url");
    QTest::addColumn<QByteArray>("uri");
    QTest::newRow("plain") << QByteArray("ldap://directory.example") << QByteArray("ldap://directory.example");
    QTest::newRow("a slash at the end") << QByteArray("ldap://directory.example/") << QByteArray("ldap://directory.example");
    QTest::newRow("capitals") << QByteArray("LDAP://Directory.Example:389") << QByteArray("ldap://Directory.Example:389");
    QTest::newRow("TLS from the start") << QByteArray("ldaps://directory.example") << QByteArray("ldaps://directory.example");
    QTest::newRow("STARTTLS") << QByteArray("ldap+tls://directory.example") << QByteArray("ldap://directory.example");
    QTest::newRow("an IPv6 address") << QByteArray("ldap://[2001:db8::1]:389") << QByteArray("ldap://[2001:db8::1]:389");
    QTest::newRow("no host") << QByteArray("ldap://") << QByteArray();
    QTest::newRow("a socket") << QByteArray("ldapi://%2Frun%2Fldapi") << QByteArray();
    QTest::newRow("a search behind it") << QByteArray("ldap://directory.example/dc=x??sub") << QByteArray();
    QTest::newRow("two servers") << QByteArray("ldap://a.example ldap://b.example") << QByteArray();
}

void TestLdapConfig::urls() {
    QFETCH(QByteArray, url);
    QFETCH(QByteArray, uri);
    const ReadLdapPlan plan = read("url " + url + "\nbasedn dc=x\ndomain_filter (dc=%s)\ndomain_attributes dc\n");
    QCOMPARE(plan.isUsable, !uri.isEmpty());
    QCOMPARE(plan.plan.uri, uri);
}

void TestLdapConfig::complains_data() {
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("said");
    const QByteArray domain = "domain_filter (dc=%s)\ndomain_attributes dc\n";
    const auto row = [](const char* name, const QByteArray& text, const QByteArray& said) { QTest::newRow(name) << text << said; };
    row("no url", "basedn dc=x\n" + domain, "0 error: \"url\" is missing: it says where the directory is, as in ldap://directory.example");
    row("no base", "url ldap://a\n" + domain, "0 error: \"basedn\" is missing: it says below which entry to search");
    row("A12 a name without a password", kPlace + "username cn=mail\n" + domain,
        "3 error: \"username\" needs a \"password\": without one the directory takes nobody for it");
    row("a password without a name", kPlace + "password x\n" + domain,
        "3 error: \"password\" needs a \"username\": the name (DN) it belongs to\n"
        "1 warning: the password is sent in clear; ldaps:// or ldap+tls:// would hide it");
    row("a password in clear", kPlace + "username cn=mail\npassword x\n" + domain,
        "1 warning: the password is sent in clear; ldaps:// or ldap+tls:// would hide it");
    row("a filter without attributes", kPlace + domain + "alias_filter (cn=%s)\n",
        "5 error: alias_filter and alias_attributes belong together, and one of them is missing");
    row("one attribute for two", kPlace + "credentials_filter (uid=%s)\ncredentials_attributes userPassword\n",
        "4 error: credentials_attributes names 1 attribute, and 2 are wanted");
    row("an attribute that is none", kPlace + "alias_filter (uid=%s)\nalias_attributes ma il\n",
        "4 error: alias_attributes holds something that is no name of an attribute");
    row("a filter without the key", kPlace + "domain_filter (objectClass=*)\ndomain_attributes dc\n",
        "3 error: domain_filter has no %s, where the key belongs");
    row("a filter with another % word", kPlace + "domain_filter (dc=%d)\ndomain_attributes dc\n",
        "3 error: domain_filter has a % with nothing behind it that means something: %s is the key, %h the table's name, %% a percent sign");
    row("a filter without parentheses", kPlace + "domain_filter dc=%s\ndomain_attributes dc\n",
        "3 error: domain_filter is no filter: it stands in parentheses, which pair");
    row("an unknown key", kPlace + "scope one\n" + domain, "3 warning: there is no key \"scope\" for this kind of table; it counts for nothing");
    row("no filter", kPlace, "0 warning: there is no filter in it, so every question to this table fails");
}

void TestLdapConfig::complains() {
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, said);
    const ReadLdapPlan plan = read(text);
    QCOMPARE(problems(plan), said);
    QCOMPARE(plan.isUsable, !said.contains(" error: "));
}

void TestLdapConfig::B03_keysAreEscaped_data() {
    QTest::addColumn<QByteArray>("key");
    QTest::addColumn<QByteArray>("escaped");
    // RFC 4515, section 3 and the examples of section 4.
    QTest::newRow("parentheses") << QByteArray("Parens R Us (for all your parenthetical needs)")
                                 << QByteArray("Parens R Us \\28for all your parenthetical needs\\29");
    QTest::newRow("an asterisk") << QByteArray("*") << QByteArray("\\2a");
    QTest::newRow("a backslash") << QByteArray("C:\\MyFile") << QByteArray("C:\\5cMyFile");
    QTest::newRow("a NUL") << QByteArray("a\0b", 3) << QByteArray("a\\00b");
    QTest::newRow("another filter") << QByteArray("*)(uid=*))(|(uid=*") << QByteArray("\\2a\\29\\28uid=\\2a\\29\\29\\28|\\28uid=\\2a");
    QTest::newRow("UTF-8 stays") << QByteArray("Lu\xc4\x8di\xc4\x87") << QByteArray("Lu\xc4\x8di\xc4\x87");
    QTest::newRow("a word of ours") << QByteArray("%s") << QByteArray("%s");
}

void TestLdapConfig::B03_keysAreEscaped() {
    QFETCH(QByteArray, key);
    QFETCH(QByteArray, escaped);
    QCOMPARE(escapedForFilter(key), escaped);
    QCOMPARE(filledFilter("(cn=%s)", key, "t"), "(cn=" + escaped + ")");
}

void TestLdapConfig::wordsOfAFilter() {
    QCOMPARE(filledFilter("(&(cn=%u)(ou=%h)(d=100%%))", "a", "people"), "(&(cn=a)(ou=people)(d=100%))");
    QVERIFY(!filledFilter("(cn=%x)", "a", "t"));
    QVERIFY(!filledFilter("(cn=a%", "a", "t"));
}

void TestLdapConfig::userinfoOfEarlierReleases() {
    const QByteArray text = kPlace + "userinfo_filter (uid=%s)\nuserinfo_attributes uid,uidNumber,gidNumber,homeDirectory\n";
    QVERIFY(read(text, true).isUsable);
    QVERIFY(!read(text).isUsable);
}

QTEST_APPLESS_MAIN(TestLdapConfig)
#include "tst_ldap_config.moc"
