// SPDX-License-Identifier: GPL-3.0-or-later
#include "tables/accounts.h"

#include "base/file_store.h"
#include "tables/file_watch.h"

#include <QHash>

#include <cerrno>
#include <cstring>
#include <vector>

#include <pwd.h>
#include <unistd.h>

namespace postern::tables {
namespace {

constexpr qint64 kMaxFile = 64LL * 1024 * 1024;

struct Account {
    QByteArray hash, userinfo; // "uid:gid:home"
};

bool isNumber(const QByteArray& text) {
    bool good = false;
    text.toUInt(&good);
    return good;
}

Result<QHash<QByteArray, Account>> parsePasswd(const QByteArray& path, const QByteArray& text) {
    QHash<QByteArray, Account> accounts;
    int number = 0;
    for (const QByteArray& whole : text.split('\n')) {
        ++number;
        const qsizetype comment = whole.indexOf('#');
        const QByteArray line = (comment < 0 ? whole : whole.first(comment)).trimmed();
        if (line.isEmpty())
            continue;
        const QByteArrayList fields = line.split(':');
        const auto malformed = [&](const char* what) {
            return Error{ErrorCode::Invalid, path + ':' + QByteArray::number(number) + ": " + what};
        };
        if (fields.size() < 7 || fields[0].isEmpty())
            return malformed("a line of a passwd table is name:hash:uid:gid:gecos:home:shell");
        if (!isNumber(fields[2]) || !isNumber(fields[3]))
            return malformed("the third and fourth field are the numbers of the user and the group");
        const QByteArray name = fields[0].toLower();
        if (!accounts.contains(name))
            accounts.insert(name, {fields[1], fields[2] + ':' + fields[3] + ':' + fields[5]});
    }
    return accounts;
}

class PasswdBackend final : public Backend {
  public:
    explicit PasswdBackend(QByteArray path) : m_watch(std::move(path)) {}

    Result<void> open() override {
        m_watch.look();
        const auto text = makeDiskFileStore()->read(m_watch.path(), 0, kMaxFile + 1);
        if (!text)
            return text.error();
        if (text->size() > kMaxFile)
            return Error{ErrorCode::Invalid, m_watch.path() + " is larger than 64 MiB"};
        auto accounts = parsePasswd(m_watch.path(), *text);
        if (!accounts)
            return accounts.error();
        m_accounts = std::move(accounts).value();
        return {};
    }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        if (service != Service::Credentials && service != Service::Userinfo)
            return unsupported();
        if (m_watch.hasChanged())
            if (auto again = open(); !again)
                return again.error();
        const auto account = m_accounts.constFind(key);
        if (account == m_accounts.cend())
            return std::optional<QByteArray>();
        if (service == Service::Userinfo)
            return std::optional(account->userinfo);
        return account->hash.isEmpty() ? std::optional<QByteArray>() : std::optional(key + ':' + account->hash);
    }

    Result<bool> check(Service, const QByteArray&) override { return unsupported(); }
    Result<QByteArrayList> fetch(Service) override { return unsupported(); }
    void close() override { m_accounts.clear(); }

  private:
    Error unsupported() const {
        return {ErrorCode::Unsupported, m_watch.path() + " is a passwd table: it serves credentials and userinfo only"};
    }

    FileWatch m_watch;
    QHash<QByteArray, Account> m_accounts; // by name in lower case
};

class GetpwnamBackend final : public Backend {
  public:
    Result<void> open() override { return {}; }

    Result<std::optional<QByteArray>> lookup(Service service, const QByteArray& key) override {
        if (service != Service::Userinfo)
            return unsupported();
        const long hint = ::sysconf(_SC_GETPW_R_SIZE_MAX);
        std::vector<char> room(hint > 0 ? size_t(hint) : 16384);
        passwd entry{};
        passwd* found = nullptr;
        int code = 0;
        while ((code = ::getpwnam_r(key.constData(), &entry, room.data(), room.size(), &found)) == ERANGE && room.size() < (1u << 20))
            room.resize(room.size() * 2);
        if (found)
            return std::optional(QByteArray::number(found->pw_uid) + ':' + QByteArray::number(found->pw_gid) + ':' + found->pw_dir);
        if (code == 0 || code == ENOENT || code == ESRCH || code == EBADF || code == EPERM) // ways to say "no such name"
            return std::optional<QByteArray>();
        return Error{ErrorCode::Unavailable, "the accounts of this computer cannot be asked: " + QByteArray(std::strerror(code))};
    }

    Result<bool> check(Service, const QByteArray&) override { return unsupported(); }
    Result<QByteArrayList> fetch(Service) override { return unsupported(); }
    void close() override {}

  private:
    static Error unsupported() {
        return {ErrorCode::Unsupported, "getpwnam knows the accounts of this computer; it serves userinfo only"};
    }
};

} // namespace

MadeBackend makePasswdBackend(const BackendSource& source) {
    return {[path = source.path] { return std::make_unique<PasswdBackend>(path); }, {}, false};
}

MadeBackend makeGetpwnamBackend(const BackendSource&) {
    return {[] { return std::make_unique<GetpwnamBackend>(); }, {}, false};
}

} // namespace postern::tables
