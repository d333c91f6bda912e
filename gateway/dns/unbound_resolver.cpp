// SPDX-License-Identifier: GPL-3.0-or-later
//
// A question gathers the answers of its queries (one, or A and AAAA together) and tells the outcome through a posted
// event, so that the one who asked may do anything in there: ask again, destroy this or another question.
#include "dns/resolver.h"

#include "dns/hosts_file.h"
#include "dns/unbound_context.h"

#include <QBasicTimer>
#include <QCoreApplication>
#include <QEvent>
#include <QFileInfo>
#include <QTimerEvent>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

using namespace Qt::StringLiterals;

namespace postern::dns {
namespace {

// With addresses of one family in hand, a name server that is slow with the other is not waited for (RFC 8305 §3 waits
// 50 ms; mail has more time).
constexpr int kOtherFamilyMs = 1000;

using RawAnswers = std::array<RawAnswer, 2>;

class UnboundQuestion final : public QObject, public Question {
  public:
    using Tell = std::function<void(const RawAnswers&)>;

    explicit UnboundQuestion(Tell tell) : m_tell(std::move(tell)) {}
    ~UnboundQuestion() override {
        for (const int id : m_ids)
            m_context->cancel(id);
    }

    void ask(std::shared_ptr<UnboundContext> context, const QByteArray& name, std::vector<RecordType> types,
             int timeoutMs) {
        m_context = std::move(context);
        m_expected = types.size();
        for (RawAnswer& answer : m_answers)
            answer = {Outcome::Failed, {}, "no answer from the name server in time"};
        for (size_t i = 0; i < types.size(); ++i) {
            const auto id = m_context->ask(name, types[i], [this, i](RawAnswer raw) { answered(i, std::move(raw)); });
            if (id)
                m_ids.push_back(*id);
            else
                answered(i, {Outcome::Failed, {}, id.error().text});
        }
        m_timer.start(timeoutMs, Qt::CoarseTimer, this);
    }
    void tellLater() { QCoreApplication::postEvent(this, new QEvent(QEvent::User)); }

  protected:
    void customEvent(QEvent*) override {
        m_timer.stop();
        if (const Tell tell = std::exchange(m_tell, nullptr))
            tell(m_answers); // may destroy us
    }
    void timerEvent(QTimerEvent*) override {
        m_timer.stop();
        tellLater();
    }

  private:
    void answered(size_t which, RawAnswer raw) {
        const bool found = raw.outcome == Outcome::Found;
        m_answers[which] = std::move(raw);
        if (++m_received == m_expected)
            tellLater();
        else if (found)
            m_timer.start(kOtherFamilyMs, Qt::CoarseTimer, this);
    }

    Tell m_tell; // empty once told
    std::shared_ptr<UnboundContext> m_context;
    std::vector<int> m_ids; // cancelling one that is answered does nothing
    RawAnswers m_answers;
    size_t m_expected = 0, m_received = 0;
    QBasicTimer m_timer;
};

class UnboundResolver final : public Resolver {
  public:
    explicit UnboundResolver(const ResolverSettings& settings)
        : m_settings(settings), m_hosts(settings.hostsFile.isEmpty() ? "/etc/hosts" : settings.hostsFile) {}

    std::unique_ptr<Question> mx(const QByteArray& domain, MxDone done) override {
        const auto name = askableName(domain);
        if (!name)
            return known([done] { done({Outcome::NoSuchName, {}, "not a domain name"}); });
        return query(*name, {RecordType::Mx}, [done](const RawAnswers& answers) { done(toMx(answers[0])); });
    }

    std::unique_ptr<Question> addresses(const QByteArray& host, AddressDone done) override {
        if (const auto literal = addressLiteral(host))
            return known([done, literal] { done({Outcome::Found, {*literal}, {}}); });
        const auto name = askableName(host);
        if (!name)
            return known([done] { done({Outcome::NoSuchName, {}, "not a host name"}); });
        if (const QByteArrayList here = m_hosts.addressesOf(*name); !here.isEmpty())
            return known([done, here] { done({Outcome::Found, here, {}}); });
        return query(*name, {RecordType::A, RecordType::Aaaa},
                     [done](const RawAnswers& answers) { done(toAddresses(answers[0], answers[1])); });
    }

    std::unique_ptr<Question> reverse(const QByteArray& address, NameDone done) override {
        const auto literal = addressLiteral(address);
        if (!literal)
            return known([done] { done({Outcome::NoSuchName, {}}); });
        if (const QByteArray here = m_hosts.nameOf(*literal); !here.isEmpty())
            return known([done, here] { done({Outcome::Found, here}); });
        return query(reverseName(*literal), {RecordType::Ptr},
                     [done](const RawAnswers& answers) { done(toName(answers[0])); });
    }

  private:
    static std::unique_ptr<Question> known(std::function<void()> tell) {
        auto question = std::make_unique<UnboundQuestion>([tell](const RawAnswers&) { tell(); });
        question->tellLater();
        return question;
    }

    std::unique_ptr<Question> query(const QByteArray& name, std::vector<RecordType> types, UnboundQuestion::Tell tell) {
        auto question = std::make_unique<UnboundQuestion>(std::move(tell));
        question->ask(context(), name, std::move(types), m_settings.timeoutMs);
        return question;
    }

    // A computer that moves to another network gets other name servers; questions under way keep the context they have.
    std::shared_ptr<UnboundContext> context() {
        if (m_settings.servers.isEmpty()) {
            const QDateTime changed = QFileInfo(m_systemFile).lastModified();
            if (std::exchange(m_systemChanged, changed) != changed)
                m_context.reset();
        }
        if (!m_context)
            m_context = std::make_shared<UnboundContext>(m_settings);
        return m_context;
    }

    const ResolverSettings m_settings;
    const QString m_systemFile = m_settings.systemFile.isEmpty() ? u"/etc/resolv.conf"_s : QFile::decodeName(m_settings.systemFile);
    HostsFile m_hosts;
    QDateTime m_systemChanged;
    std::shared_ptr<UnboundContext> m_context;
};

} // namespace

std::unique_ptr<Resolver> makeUnboundResolver(const ResolverSettings& settings) {
    return std::make_unique<UnboundResolver>(settings);
}

} // namespace postern::dns
