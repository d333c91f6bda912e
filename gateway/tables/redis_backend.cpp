// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/redis_backend.h"

#include "base/log.h"
#include "base/secret.h"
#include "tables/lookup_rules.h"

#include <vector>

#include <hiredis/hiredis.h>

namespace postern::tables {
namespace {

constexpr timeval kConnectTime{5, 0}, kAnswerTime{8, 0};

constexpr Service kAsked[] = {Service::Alias,  Service::Domain,   Service::Credentials, Service::Netaddr,
                              Service::Userinfo, Service::Source, Service::Mailaddr,    Service::Addrname};

struct RedisHost {
    QByteArray host; // "" = none, "unix:/path", or a name
    int port = 0;

    QByteArray name() const { return host.startsWith("unix:") ? host.mid(5) : host + ':' + QByteArray::number(port); }
};

struct RedisPlan {
    QByteArray path; // of the configuration
    RedisHost master, slave;
    int database = 0;
    Secret password;
    std::map<Service, QByteArray> queries;
};

struct FreeReply {
    void operator()(redisReply* reply) const { ::freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

struct FreeContext {
    void operator()(redisContext* context) const { ::redisFree(context); }
};

QByteArray textOf(const redisReply& reply) {
    return reply.type == REDIS_REPLY_INTEGER ? QByteArray::number(qlonglong(reply.integer)) : QByteArray(reply.str, qsizetype(reply.len));
}

bool isText(const redisReply& reply) {
    return reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS || reply.type == REDIS_REPLY_INTEGER;
}

class RedisBackend final : public Backend {
  public:
    explicit RedisBackend(std::shared_ptr<const RedisPlan> plan) : m_plan(std::move(plan)) {}

    Result<void> open() override {
        auto opened = connect(m_plan->master);
        if (!opened && !m_plan->slave.host.isEmpty()) {
            if (auto other = connect(m_plan->slave))
                return other;
        }
        return opened;
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        const auto reply = ask(service, key);
        if (!reply)
            return reply.error();
        const redisReply& said = **reply;
        if (said.type == REDIS_REPLY_NIL)
            return std::optional<QByteArray>();
        if (isText(said))
            return std::optional(textOf(said));
        const bool takesArrays = service == Service::Alias || service == Service::Credentials || service == Service::Userinfo;
        if (said.type != REDIS_REPLY_ARRAY || !takesArrays)
            return unfit(service, "does not give a text");
        QByteArrayList parts;
        for (size_t i = 0; i < said.elements; ++i) {
            if (!isText(*said.element[i]) || parts.size() >= kMostRows)
                return unfit(service, "gives a list of what is no text, or too much of it");
            parts.append(textOf(*said.element[i]));
        }
        if (parts.isEmpty())
            return std::optional<QByteArray>();
        return std::optional(parts.join(service == Service::Alias ? ", " : ":"));
    }

    Result<bool> check(Service service, const QByteArray& key) override {
        const auto reply = ask(service, key);
        if (!reply)
            return reply.error();
        const redisReply& said = **reply;
        return said.type == REDIS_REPLY_INTEGER ? said.integer != 0 : said.type != REDIS_REPLY_NIL;
    }

    Result<QByteArrayList> fetch(Service) override {
        return Error{ErrorCode::Unsupported, "a redis table cannot be taken in turn"};
    }

    Result<void> probe() override {
        const auto reply = send({"PING"});
        return reply ? Result<void>() : reply.error();
    }

    void close() override { m_context.reset(); }

  private:
    Error unfit(Service service, const char* what) const {
        return {ErrorCode::Corrupt, m_plan->path + ": query_" + toString(service).toByteArray() + ' ' + what};
    }

    Result<void> connect(const RedisHost& to) {
        m_at = to.name();
        m_context.reset(to.host.startsWith("unix:") ? ::redisConnectUnixWithTimeout(m_at.constData(), kConnectTime)
                                                    : ::redisConnectWithTimeout(to.host.constData(), to.port, kConnectTime));
        if (!m_context || m_context->err)
            return lost();
        ::redisSetTimeout(m_context.get(), kAnswerTime);
        if (!m_plan->password.isEmpty())
            if (const auto signedIn = send({"AUTH", m_plan->password.expose().toByteArray()}); !signedIn)
                return signedIn.error();
        if (m_plan->database != 0)
            if (const auto chosen = send({"SELECT", QByteArray::number(m_plan->database)}); !chosen)
                return chosen.error();
        return {};
    }

    Error lost() {
        const QByteArray why = m_context ? QByteArray(m_context->errstr) : QByteArray("out of memory");
        m_context.reset();
        return {ErrorCode::Unavailable, "redis at " + m_at + ": " + harmless(why, 200)};
    }

    Result<Reply> ask(Service service, const QByteArray& key) {
        const auto query = m_plan->queries.find(service);
        if (query == m_plan->queries.end())
            return Error{ErrorCode::Unsupported, m_plan->path + " has no query_" + toString(service).toByteArray()};
        return send(redisCommand(query->second, key));
    }

    Result<Reply> send(const QByteArrayList& words) {
        if (!m_context)
            return Error{ErrorCode::Unavailable, "redis at " + m_at + " is not connected"};
        std::vector<const char*> texts;
        std::vector<size_t> sizes;
        for (const QByteArray& word : words) {
            texts.push_back(word.constData());
            sizes.push_back(size_t(word.size()));
        }
        Reply reply(static_cast<redisReply*>(::redisCommandArgv(m_context.get(), int(words.size()), texts.data(), sizes.data())));
        if (!reply)
            return lost();
        if (reply->type != REDIS_REPLY_ERROR)
            return reply;
        const QByteArray said(reply->str, qsizetype(reply->len));
        const bool isPassing = said.startsWith("LOADING") || said.startsWith("BUSY") || said.startsWith("TRYAGAIN") ||
                               said.startsWith("MASTERDOWN") || said.startsWith("CLUSTERDOWN");
        return Error{isPassing ? ErrorCode::Unavailable : ErrorCode::Invalid, "redis at " + m_at + ": " + harmless(said, 200)};
    }

    const std::shared_ptr<const RedisPlan> m_plan;
    std::unique_ptr<redisContext, FreeContext> m_context;
    QByteArray m_at;
};

} // namespace

QByteArrayList redisCommand(const QByteArray& query, const QByteArray& key) {
    QByteArrayList words;
    for (const QByteArray& word : query.simplified().split(' ')) {
        QByteArray out;
        for (qsizetype i = 0; i < word.size(); ++i) {
            if (word[i] == '%' && i + 1 < word.size() && (word[i + 1] == 's' || word[i + 1] == '%'))
                out += word[++i] == 's' ? key : QByteArray("%");
            else
                out += word[i];
        }
        words.append(out);
    }
    return words;
}

MadeBackend makeRedisBackend(const BackendSource& source) {
    std::vector<BackendConfig::Key> keys;
    for (const char* key : {"master", "master_port", "slave", "slave_port", "database", "password"})
        keys.push_back({key});
    QByteArrayList queryKeys; // BackendConfig keeps views
    for (const Service service : kAsked)
        queryKeys.append("query_" + toString(service).toByteArray());
    for (const QByteArray& key : queryKeys)
        keys.push_back({key});
    BackendConfig config(source.text, keys);

    RedisPlan plan;
    plan.path = source.path;
    const auto number = [&config](const char* key, int otherwise, int most) {
        const BackendConfig::Line& line = config.line(key);
        if (!line.isWritten())
            return otherwise;
        bool good = false;
        const int value = line.value.toInt(&good);
        if (!good || value < 0 || value > most)
            config.complain(line.number, QByteArray(key) + " is a number from 0 to " + QByteArray::number(most));
        return value;
    };
    plan.master = {config.line("master").isWritten() ? config.value("master") : QByteArray("127.0.0.1"), number("master_port", 6379, 65535)};
    plan.slave = {config.value("slave"), number("slave_port", 6380, 65535)};
    plan.database = number("database", 0, 100'000);
    plan.password = Secret(config.value("password"));
    for (const Service service : kAsked) {
        const QByteArray name = toString(service).toByteArray();
        const BackendConfig::Line& line = config.line("query_" + name);
        const QByteArray query = line.isWritten() ? line.value : "GET " + name + ":%s";
        if (line.isWritten() && !query.contains("%s"))
            config.complain(line.number, "query_" + name + " has no %s, where the key goes");
        else
            plan.queries[service] = query;
    }
    MadeBackend made;
    made.holdsSecret = !plan.password.isEmpty();
    if (config.isUsable())
        made.make = [shared = std::make_shared<const RedisPlan>(std::move(plan))] { return std::make_unique<RedisBackend>(shared); };
    made.problems = std::move(config.problems);
    return made;
}

} // namespace postern::tables
