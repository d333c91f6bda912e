// SPDX-License-Identifier: GPL-3.0-or-later
//
// LMTP to a real Dovecot: three recipients of one message, three fates, and what it stores. RFC 2033; M09, M10.
#include "base/log.h"
#include "gateway/local/local_world.h"
#include "stories/support/dovecot_peer.h"
#include "stories/support/gateway_process.h"

#include <QTest>

#include <algorithm>

using namespace Qt::StringLiterals;
using namespace postern;
using namespace postern::test;
using policy::Method;

class StoryDovecot : public QObject {
    Q_OBJECT

    DovecotPeer m_dovecot;

  private Q_SLOTS:
    void initTestCase() {
        if (::geteuid() != 0)
            QSKIP("Dovecot's master runs as root only");
        setLogToStandardError(false);
        STORY_VERIFY(m_dovecot.start(), m_dovecot.log());
    }

    void M09_threeRecipientsThreeFates() {
        LocalWorld w;
        local::LocalJob job = w.job(Method::Lmtp, m_dovecot.socket(), "From: s@a.example\r\nSubject: t\r\n\r\n.dot\r\nhello\r\n", 3);
        for (size_t i = 0; i < 3; ++i)
            job.users[i].name = QByteArrayList{"zoe", "bob", "ann"}[qsizetype(i)];
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.outcomes.size(), size_t(3), 60'000);
        STORY_VERIFY(w.results() == "P T D", w.outcomes[0].text + w.outcomes[1].text + w.outcomes[2].text + m_dovecot.log());
        QVERIFY2(w.outcomes[0].text.startsWith(m_dovecot.socket() + " said: 550 5.1.1 "), w.outcomes[0].text.constData());
        QVERIFY2(w.outcomes[1].text.contains(" said: 451 4.2.0 "), w.outcomes[1].text.constData());
        QCOMPARE(m_dovecot.mailsOf(u"bob"_s), QByteArrayList());
        const QByteArrayList mails = m_dovecot.mailsOf(u"ann"_s);
        QCOMPARE(mails.size(), 1);
        QVERIFY2(mails[0].endsWith("\nFrom: s@a.example\nSubject: t\n\n.dot\nhello\n"), mails[0].constData());
        QCOMPARE(mails[0].count("Return-Path:"), 1); // M10: Dovecot's own, and no second one of ours
        QVERIFY(mails[0].startsWith("Return-Path: <sue@send.example>\n"));
        QVERIFY(!mails[0].contains("Delivered-To:")); // it writes that for a single recipient only
    }

    void wholeAddressesByRcptTo() {
        LocalWorld w;
        local::LocalJob job = w.job(Method::Lmtp, m_dovecot.socket());
        job.rcptTo = true;
        job.delivery.envelopes[0].destination = "ann@b.example"; // it cuts the domain off itself
        w.submit(std::move(job));
        QTRY_COMPARE_WITH_TIMEOUT(w.results(), QByteArray("D"), 60'000);
        const QByteArrayList mails = m_dovecot.mailsOf(u"ann"_s);
        const auto arrived = std::find_if(mails.begin(), mails.end(), [](const QByteArray& mail) { return mail.contains("\nDelivered-To: ann@b.example\n"); });
        QVERIFY(arrived != mails.end());
        QCOMPARE(arrived->count("Delivered-To:"), 1); // M10, Dovecot's
    }
};

QTEST_GUILESS_MAIN(StoryDovecot)
#include "tst_story_dovecot.moc"
