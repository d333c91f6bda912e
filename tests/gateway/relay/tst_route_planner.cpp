// SPDX-License-Identifier: GPL-3.0-or-later
//
// Where mail goes: by URL in every era, and by MX with all that DNS can say.
#include "relay/route_planner.h"
#include "support/fake_resolver.h"
#include "tables/login_table.h"

#include <QRegularExpression>
#include <QTest>

using namespace postern;
using namespace postern::relay;
using namespace postern::test;

namespace {

const char* toText(smtp::ClientTls tls) {
    switch (tls) {
    case smtp::ClientTls::Never: return "never";
    case smtp::ClientTls::Opportunistic: return "opportunistic";
    case smtp::ClientTls::Required: return "required";
    case smtp::ClientTls::Wrapped: return "wrapped";
    }
    return "?";
}

// "host:port tls[ verify][ lmtp][ label=x] = address address"
QByteArray toText(const Plan& plan) {
    if (plan.candidates.empty())
        return (plan.permanent ? "never: " : "later: ") + plan.trouble;
    QByteArrayList out;
    for (const Candidate& c : plan.candidates) {
        QByteArray line = c.host + ':' + QByteArray::number(c.port) + ' ' + toText(c.tls);
        if (c.verify)
            line += " verify";
        if (c.lmtp)
            line += " lmtp";
        if (c.needsAuth)
            line += " label=" + c.label;
        out.append(line + " = " + c.addresses.join(' '));
    }
    return out.join(" | ");
}

struct Asked {
    policy::RelaySpec spec;
    QByteArray url;
    QByteArray domain = "b.example";
    quint32 shuffle = 0; // the random source's constant answer
    QByteArrayList own = {}; // addresses of our own port 25
};

QByteArray planned(const Asked& asked, FakeResolver& resolver) {
    PlanQuestion question{std::make_shared<policy::RelaySpec>(asked.spec), {}, asked.domain, "me.example", asked.own};
    if (!asked.url.isEmpty()) {
        const auto url = policy::RelayUrl::parse(asked.url, asked.spec.era);
        if (!url)
            return "bad url: " + url.error().text;
        question.urls = {*url};
    }
    QByteArray text = "no answer";
    int answers = 0;
    RoutePlan plan(resolver, [&](quint32 below) { return asked.shuffle % below; }, std::move(question), [&](Plan got) {
        text = toText(got);
        ++answers;
    });
    plan.start();
    while (resolver.deliver()) {
    }
    return answers == 1 ? text : "answered " + QByteArray::number(answers) + " times";
}

} // namespace

class TestRoutePlanner : public QObject {
    Q_OBJECT

  private Q_SLOTS:
    void init() { QTest::failOnWarning(QRegularExpression(QStringLiteral(".*"))); }

    void byUrl_data() {
        QTest::addColumn<int>("era");
        QTest::addColumn<QByteArray>("url");
        QTest::addColumn<QByteArray>("words"); // "tls verify no-verify keychain"
        QTest::addColumn<QByteArray>("expected");
        using policy::Era;
        const auto row = [](Era era, const char* url, const char* words, const char* expected) {
            const char* name = era == Era::Map2012 ? "2012" : era == Era::Legacy ? "accept/reject" : "action/match";
            QTest::addRow("S06 %s %s %s", name, url, words) << int(era) << QByteArray(url) << QByteArray(words)
                                                            << QByteArray(expected);
        };
        const QByteArray missing = "gone.example";
        row(Era::Modern, "gone.example", "", "later: Host not found: gone.example has no address");
        row(Era::Modern, "smtp+notls://hop.example", "tls",
            "later: TLS required for relaying: the rule requires tls, but smtp+notls://hop.example never uses it");
        row(Era::Modern, "hop.example", "", "hop.example:25 opportunistic = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp://hop.example:2525", "", "hop.example:2525 opportunistic = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp://hop.example", "tls", "hop.example:25 required verify = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp://hop.example", "tls no-verify", "hop.example:25 required = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp+tls://hop.example", "", "hop.example:25 required verify = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp+tls://Office@hop.example:587", "",
            "hop.example:587 required verify label=office = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp+tls://Office@hop.example:587", "keychain", // B09: its labels compare exactly
            "hop.example:587 required verify label=Office = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtps://hop.example", "", "hop.example:465 wrapped verify = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtps://hop.example", "tls no-verify", "hop.example:465 wrapped = 192.0.2.1 192.0.2.2");
        row(Era::Modern, "smtp+notls://[192.0.2.7]:26", "", "192.0.2.7:26 never = 192.0.2.7");
        row(Era::Modern, "smtp+notls://[2001:db8::1]", "", "2001:db8::1:25 never = 2001:db8::1");
        row(Era::Modern, "lmtp://hop.example:2003", "", "hop.example:2003 never lmtp = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "smtp://hop.example", "", "hop.example:25 never = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "smtp+tls://hop.example", "", "hop.example:25 opportunistic = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "tls://hop.example", "", "hop.example:25 required = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "tls://hop.example", "verify", "hop.example:25 required verify = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "smtps+auth://bulk@hop.example", "verify",
            "hop.example:465 wrapped verify label=bulk = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "secure://hop.example", "",
            "hop.example:25 required = 192.0.2.1 192.0.2.2 | hop.example:465 wrapped = 192.0.2.1 192.0.2.2");
        row(Era::Legacy, "secure+auth://l@hop.example:2465", "",
            "hop.example:2465 required label=l = 192.0.2.1 192.0.2.2 | hop.example:2465 wrapped label=l = 192.0.2.1 192.0.2.2");
        row(Era::Map2012, "smtp://hop.example", "", "hop.example:25 opportunistic = 192.0.2.1 192.0.2.2");
        row(Era::Map2012, "tls+auth://hop.example", "",
            "hop.example:25 required label=hop.example = 192.0.2.1 192.0.2.2");
        row(Era::Map2012, "ssl://hop.example", "",
            "hop.example:25 required = 192.0.2.1 192.0.2.2 | hop.example:465 wrapped = 192.0.2.1 192.0.2.2");
    }
    void byUrl() {
        QFETCH(int, era);
        QFETCH(QByteArray, url);
        QFETCH(QByteArray, words);
        QFETCH(QByteArray, expected);
        FakeResolver resolver;
        resolver.setAddresses("hop.example", {"192.0.2.1", "192.0.2.2"});
        resolver.setMx("hop.example", {{10, "mx.example"}}); // never asked for
        Asked asked;
        asked.url = url;
        asked.spec.era = policy::Era(era);
        asked.spec.tlsRequired = words.startsWith("tls");
        if (words.endsWith("no-verify"))
            asked.spec.verify = false;
        else if (words.endsWith("verify"))
            asked.spec.verify = true;
        if (words == "keychain")
            asked.spec.credentials = std::make_shared<tables::LoginTable>("logins", nullptr);
        QCOMPARE(planned(asked, resolver), expected);
    }

    void aHostThatCannotBeLookedUpIsTemporary() { // D01
        FakeResolver resolver;
        resolver.addressesOf["hop.example"] = {dns::Outcome::Failed, {}, "server failure"};
        Asked asked;
        asked.url = "smtp://hop.example";
        QCOMPARE(planned(asked, resolver),
                 QByteArray("later: 4.4.3 Temporary failure in address lookup for hop.example: server failure"));
    }

    void byMx_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* domain, const char* expected) {
            QTest::addRow("%s", name) << QByteArray(domain) << QByteArray(expected);
        };
        row("D02 NXDOMAIN is permanent", "nowhere.example", "never: 5.1.2 Domain does not exist: nowhere.example");
        row("D01 SERVFAIL is temporary", "broken.example",
            "later: 4.4.3 Temporary failure in MX lookup for broken.example: timed out");
        row("D03 null MX", "null.example", "never: 556 5.1.10 Domain does not accept mail: null.example has a null MX");
        row("D03 MX localhost says the same", "localmx.example",
            "never: 556 5.1.10 Domain does not accept mail: localmx.example has a null MX");
        row("D03 a dot among others is ignored", "dot.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("D06 we are the best MX", "ours.example",
            "never: 5.4.6 mail loops back to myself: this server (me.example) is the best MX of ours.example");
        row("D06 MX that lead to loopback", "loop.example",
            "never: 5.4.6 mail loops back to myself: loopback.example leads to this computer");
        row("D06 one loopback MX beside a good one", "halfloop.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("D06 a literal that is us", "[127.0.0.1]", "never: 5.4.6 mail loops back to myself: [127.0.0.1] is this computer");
        row("D06 an MX in a private network", "inside.example",
            "later: private.example leads into a private network (192.168.1.10); mail goes there only by a rule that names the host");
        row("D06 one private address beside a good one", "halfinside.example", "half.example:25 opportunistic = 192.0.2.13");
        row("D06 the same, mapped into IPv6", "mapped.example",
            "later: mapped6.example leads into a private network (::ffff:10.0.0.1); mail goes there only by a rule that names the host");
        row("D06 a literal of a private network", "[10.1.2.3]",
            "never: 5.4.4 [10.1.2.3] is an address of a private network; mail goes there only by a rule that names the host");
        row("RFC 5891 an international domain by its A-label", "B\xc3\x9c" "cher.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("RFC 5891 decomposed is the same", "bu\xcc\x88" "cher.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("RFC 5891 what has no A-label", "a\xe2\x80\xae" "b.example", "never: 5.1.2 Invalid domain name: \"a\\xe2\\x80\\xaeb.example\"");
        row("standards 10.4 we are second: only better ones", "second.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("standards 10.2 MX without address forbids the domain's own", "deadmx.example",
            "later: Host not found: gone.example has no address");
        row("standards 10.2 MX whose address fails to resolve", "failmx.example",
            "later: 4.4.3 Temporary failure in address lookup for broken.example");
        row("a domain that is none", "no_such..domain", "never: 5.1.2 Invalid domain name: \"no_such..domain\"");
        row("D02 NODATA means the domain itself", "plain.example", "plain.example:25 opportunistic = 192.0.2.20");
        row("neither MX nor address", "empty.example", "later: Host not found: empty.example has no address");
        row("standards 10.5 by preference", "two.example",
            "mx1.example:25 opportunistic = 192.0.2.11 | mx2.example:25 opportunistic = 192.0.2.12");
        row("the final dot and case of a name do not matter", "Two.Example.",
            "mx1.example:25 opportunistic = 192.0.2.11 | mx2.example:25 opportunistic = 192.0.2.12");
        row("an address literal", "[192.0.2.30]", "192.0.2.30:25 opportunistic = 192.0.2.30");
        row("an IPv6 literal", "[IPv6:2001:db8::9]", "2001:db8::9:25 opportunistic = 2001:db8::9");
    }
    void byMx() {
        QFETCH(QByteArray, domain);
        QFETCH(QByteArray, expected);
        FakeResolver resolver;
        resolver.mxOf["broken.example"] = {dns::Outcome::Failed, {}, "timed out"};
        resolver.mxOf["plain.example"] = {dns::Outcome::NoData, {}, {}};
        resolver.mxOf["empty.example"] = {dns::Outcome::NoData, {}, {}};
        resolver.setMx("null.example", {{0, ""}});
        resolver.setMx("localmx.example", {{0, "localhost"}});
        resolver.setMx("dot.example", {{0, ""}, {10, "mx1.example"}});
        resolver.setMx("ours.example", {{10, "Me.Example"}, {20, "mx1.example"}});
        resolver.setMx("xn--bcher-kva.example", {{10, "mx1.example"}});
        resolver.setMx("second.example", {{20, "me.example"}, {20, "mx2.example"}, {10, "mx1.example"}});
        resolver.setMx("loop.example", {{10, "loopback.example"}});
        resolver.setMx("halfloop.example", {{10, "loopback.example"}, {20, "mx1.example"}});
        resolver.setMx("deadmx.example", {{10, "gone.example"}});
        resolver.setAddresses("deadmx.example", {"192.0.2.40"});
        resolver.setMx("failmx.example", {{10, "broken.example"}});
        resolver.setMx("two.example", {{20, "mx2.example"}, {10, "mx1.example"}});
        resolver.addressesOf["broken.example"] = {dns::Outcome::Failed, {}, {}};
        resolver.setMx("inside.example", {{10, "private.example"}});
        resolver.setAddresses("private.example", {"192.168.1.10", "fd00::10", "169.254.3.4"});
        resolver.setMx("halfinside.example", {{10, "half.example"}});
        resolver.setAddresses("half.example", {"172.20.0.1", "192.0.2.13"});
        resolver.setMx("mapped.example", {{10, "mapped6.example"}});
        resolver.setAddresses("mapped6.example", {"::ffff:10.0.0.1"});
        resolver.setAddresses("loopback.example", {"::1", "127.0.0.1", "0.0.0.0"});
        resolver.setAddresses("mx1.example", {"192.0.2.11"});
        resolver.setAddresses("mx2.example", {"192.0.2.12"});
        resolver.setAddresses("plain.example", {"192.0.2.20"});
        Asked asked;
        asked.domain = domain;
        QCOMPARE(planned(asked, resolver), expected);
    }

    void anMxAtOurOwnAddressIsUs_data() {
        QTest::addColumn<QByteArray>("domain");
        QTest::addColumn<QByteArray>("expected");
        const auto row = [](const char* name, const char* domain, const char* expected) {
            QTest::addRow("standards 10.4 %s", name) << QByteArray(domain) << QByteArray(expected);
        };
        row("the only one", "ours.example", "never: 5.4.6 mail loops back to myself: front.example is this gateway");
        row("the domain itself", "front.example", "never: 5.4.6 mail loops back to myself: front.example is this gateway");
        row("a literal", "[192.0.2.1]", "never: 5.4.6 mail loops back to myself: [192.0.2.1] is this computer");
        row("in the middle: only better ones", "middle.example", "mx1.example:25 opportunistic = 192.0.2.11");
        row("one of equals", "equal.example", "never: 5.4.6 mail loops back to myself: front.example is this gateway");
        row("a better one that cannot be looked up", "later.example",
            "later: 4.4.3 Temporary failure in address lookup for broken.example; front.example is this gateway");
    }
    void anMxAtOurOwnAddressIsUs() {
        QFETCH(QByteArray, domain);
        QFETCH(QByteArray, expected);
        FakeResolver resolver;
        resolver.setMx("ours.example", {{10, "front.example"}});
        resolver.mxOf["front.example"] = {dns::Outcome::NoData, {}, {}};
        resolver.setMx("middle.example", {{10, "mx1.example"}, {20, "front.example"}, {30, "mx2.example"}});
        resolver.setMx("equal.example", {{10, "front.example"}, {10, "mx1.example"}});
        resolver.setMx("later.example", {{10, "broken.example"}, {20, "front.example"}});
        resolver.addressesOf["broken.example"] = {dns::Outcome::Failed, {}, {}};
        resolver.setAddresses("front.example", {"2001:db8::1", "192.0.2.1"});
        resolver.setAddresses("mx1.example", {"192.0.2.11"});
        resolver.setAddresses("mx2.example", {"192.0.2.12"});
        Asked asked;
        asked.domain = domain;
        asked.own = {"192.0.2.1"};
        QCOMPARE(planned(asked, resolver), expected);
    }

    void equalPreferencesAreShuffled() { // RFC 5321 §5.1
        QSet<QByteArray> seen;
        for (quint32 shuffle = 0; shuffle < 4; ++shuffle) {
            FakeResolver resolver;
            resolver.setMx("b.example", {{10, "mx1.example"}, {10, "mx2.example"}, {5, "mx0.example"}});
            resolver.setAddresses("mx0.example", {"192.0.2.10"});
            resolver.setAddresses("mx1.example", {"192.0.2.11"});
            resolver.setAddresses("mx2.example", {"192.0.2.12"});
            Asked asked;
            asked.shuffle = shuffle;
            const QByteArray text = planned(asked, resolver);
            QVERIFY2(text.startsWith("mx0.example"), text.constData());
            seen.insert(text);
        }
        QCOMPARE(seen.size(), 2);
    }

    void aDomainWithAThousandMxIsCapped() { // D04
        FakeResolver resolver;
        std::vector<dns::MxHost> hosts;
        for (int i = 0; i < 1000; ++i)
            hosts.push_back({i, "mx" + QByteArray::number(i) + ".example"});
        resolver.setMx("b.example", hosts);
        (void)planned({}, resolver);
        QVERIFY(resolver.asked <= 25);
    }

    void aBackupSendsOnlyToBetterHosts() {
        FakeResolver resolver;
        resolver.setMx("b.example", {{10, "mx1.example"}, {20, "backup.example"}, {30, "mx3.example"}});
        resolver.setAddresses("mx1.example", {"192.0.2.11"});
        resolver.setAddresses("mx3.example", {"192.0.2.13"});
        Asked asked;
        asked.spec.isBackup = true;
        asked.spec.backupMx = "backup.example";
        QCOMPARE(planned(asked, resolver), QByteArray("mx1.example:25 opportunistic = 192.0.2.11"));
        Asked old;
        old.spec.era = policy::Era::Legacy;
        old.url = "tls+backup://backup.example";
        QCOMPARE(planned(old, resolver), QByteArray("mx1.example:25 required = 192.0.2.11"));
    }

    void destroyingItCancels() {
        FakeResolver resolver;
        resolver.setMx("b.example", {{10, "mx1.example"}});
        bool answered = false;
        {
            RoutePlan plan(resolver, [](quint32) { return 0U; },
                           {std::make_shared<policy::RelaySpec>(), {}, "b.example", "me.example", {}}, [&](const Plan&) { answered = true; });
            plan.start();
        }
        while (resolver.deliver()) {
        }
        QVERIFY(!answered);
    }
};

QTEST_APPLESS_MAIN(TestRoutePlanner)
#include "tst_route_planner.moc"
