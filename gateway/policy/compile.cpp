// SPDX-License-Identifier: GPL-3.0-or-later
//
// One walk over the statements in reading order; each adds its part. Names are read ahead only to tell "comes
// later" from "is nowhere": what a reader of the language refuses, this one refuses too.
#include "policy/compile.h"

#include "base/log.h"
#include "config/file_set.h"
#include "config/suggest.h"
#include "policy/advice.h"
#include "policy/rule_index.h"

#include <QDir>
#include <QFileInfo>

#include <algorithm>

namespace postern::policy {
namespace {

using config::StatementKind;
using config::StatementView;

Era eraOf(config::Dialect dialect) {
    switch (dialect) {
    case config::Dialect::Map2012:
        return Era::Map2012;
    case config::Dialect::Legacy:
        return Era::Legacy;
    case config::Dialect::Modern:
        return Era::Modern;
    }
    return Era::Modern;
}

config::Dialect dialectOf(Era era) {
    switch (era) {
    case Era::Map2012:
        return config::Dialect::Map2012;
    case Era::Legacy:
        return config::Dialect::Legacy;
    case Era::Modern:
        return config::Dialect::Modern;
    }
    return config::Dialect::Modern;
}

config::FileSetOptions setOptions(const CompileOptions& options) {
    config::FileSetOptions result;
    if (options.dialect)
        result.dialect = dialectOf(*options.dialect);
    result.followIncludes = !options.syntaxOnly;
    result.macros = options.macros;
    return result;
}

QByteArray absolute(const QByteArray& path) {
    const bool isPlain = path.startsWith('/') && !path.contains("//") && !path.contains("/.") && !path.endsWith('/');
    if (isPlain)
        return path;
    return QFile::encodeName(QDir::cleanPath(QFileInfo(QFile::decodeName(path)).absoluteFilePath()));
}

void readAheadNames(Build& build) {
    build.set.eachPlace(in(StatementKind::Table) | in(StatementKind::Action) | in(StatementKind::Ca) | in(StatementKind::Pki),
                        [&](const config::DocumentPtr& document, size_t statement) {
                            const auto name = config::firstValueOf(*document, statement);
                            if (!name)
                                return;
                            const StatementKind kind = document->statementKind(statement);
                            auto& lines = kind == StatementKind::Table    ? build.tableLines
                                          : kind == StatementKind::Action ? build.actionLines
                                          : kind == StatementKind::Ca     ? build.caLines
                                                                          : build.pkiLines;
                            const QByteArray key = kind == StatementKind::Pki ? name->text.toLower() : name->text;
                            if (!lines.contains(key)) // the first one counts
                                lines.insert(key, document->position(document->cursorAt(statement).offset()).line);
                        });
}

void addStatement(Build& build, const StatementView& one) {
    switch (one.kind()) {
    case StatementKind::Listen:
        addListener(build, *config::ListenView::from(one));
        break;
    case StatementKind::Pki:
        addPki(build, *config::PkiView::from(one));
        break;
    case StatementKind::Ca:
        addCa(build, *config::CaView::from(one));
        break;
    case StatementKind::Table:
        addTable(build, *config::TableView::from(one));
        break;
    case StatementKind::Rule:
        addRule(build, *config::RuleView::from(one));
        break;
    case StatementKind::Action:
        addAction(build, *config::ActionView::from(one));
        break;
    case StatementKind::Match:
        addMatch(build, *config::MatchView::from(one));
        break;
    case StatementKind::Setting:
        if (const auto setting = config::SettingView::from(one))
            addSetting(build, *setting);
        break;
    case StatementKind::Filter:
        addFilter(build, one);
        break;
    case StatementKind::Proc:
        addProc(build, one);
        break;
    case StatementKind::None:
    case StatementKind::Macro:
    case StatementKind::Include: // done by FileSet
    case StatementKind::Unknown:
        break;
    }
}

Compiled compileSet(FileStore& files, const config::FileSet& set, const CompileOptions& options) {
    Build build{
        .files = files, .options = options, .set = set, .report = Report(set), .rules = std::make_shared<Ruleset>()};
    build.rules->era = eraOf(set.dialect());
    if (build.era() != Era::Modern)
        build.rules->socket.tag = "local";
    build.rules->files = set.files();
    readAheadNames(build);
    build.tablesByName.reserve(build.tableLines.size());
    build.tablePaths.reserve(build.tableLines.size());
    build.servicesByTable.reserve(build.tableLines.size());
    readAheadSettings(build);
    Advice advice(build);
    bool anyRule = false;
    set.each(config::kAnyStatement, [&](const StatementView& one) {
        addStatement(build, one);
        advice.look(one);
        anyRule = anyRule || one.kind() == config::StatementKind::Rule || one.kind() == config::StatementKind::Match;
    });
    checkListeners(build);
    if (!anyRule) // a rule that does not read has its own complaint
        build.report.aboutTheFile(config::Severity::Error,
                                  "no rules, nothing to do: without a rule every recipient is refused");
    advice.finish();
    QByteArrayList& read = build.rules->files;
    std::transform(read.begin(), read.end(), read.begin(), absolute);
    build.rules->index = RuleIndex::make(*build.rules);
    return {std::move(build.rules), config::judgedFor(std::move(build.report).inOrder(), config::Target::Postern)};
}

} // namespace

bool Compiled::isUsable() const {
    return std::none_of(diagnostics.begin(), diagnostics.end(), [](const config::Diagnostic& one) {
        return one.severity == config::Severity::Error;
    });
}

Compiled compile(FileStore& files, const QByteArray& path, const CompileOptions& options) {
    const Result<config::FileSet> set = config::FileSet::read(files, path, setOptions(options));
    if (set)
        return compileSet(files, *set, options);
    config::Diagnostic unreadable;
    unreadable.file = path;
    unreadable.text = set.error().text;
    return {std::make_shared<Ruleset>(), {unreadable}};
}

Compiled compileText(FileStore& files, const QByteArray& path, const QByteArray& text,
                     const CompileOptions& options) {
    return compileSet(files, config::FileSet::fromText(files, path, text, setOptions(options)), options);
}

QByteArray nearest(Build& build, const QByteArray& name, const QHash<QByteArray, int>& names) {
    const int most = name.size() <= 4 ? 1 : 2;
    int best = most + 1, bestLine = 0;
    QByteArray result;
    if (build.comparisonsLeft < names.size())
        return result;
    build.comparisonsLeft -= names.size();
    for (auto one = names.begin(); one != names.end(); ++one) {
        const int distance = config::editDistance(name, one.key(), most);
        const bool isNearer = distance < best || (distance == best && one.value() < bestLine);
        if (isNearer && distance <= most && distance < one.key().size()) {
            best = distance;
            bestLine = one.value();
            result = one.key();
        }
    }
    return result;
}

Origin originOf(const StatementView& statement) {
    return originOf(statement, statement.range());
}

Origin originOf(const StatementView& statement, config::Range range) {
    const config::Document::Position at = statement.document().position(range.offset);
    return {statement.file(), at.line, at.column, range.offset, range.length};
}

QByteArray pathBeside(const QByteArray& file, const QByteArray& path) {
    if (path.startsWith('/') || QDir::isAbsolutePath(QFile::decodeName(path)))
        return path;
    const qsizetype slash = file.lastIndexOf('/');
    return slash < 0 ? path : file.first(slash + 1) + path;
}

QByteArray safeText(const StatementView& statement) {
    QByteArray text = statement.text();
    for (const config::Clause& clause : statement.clauses()) {
        const bool isLogin =
            clause.kind == config::ClauseKind::Auth || clause.kind == config::ClauseKind::AuthOptional;
        if (!clause.table || clause.table->form == config::TableArgument::Form::Name ||
            clause.words.empty() || (!isLogin && clause.table->pairs.empty()))
            continue; // only values of a mapping can be passwords, and what stands where one belongs
        const qsizetype at = text.indexOf(clause.text);
        if (at < 0)
            return statement.words().empty() ? QByteArray() : statement.words().front().text + " ...";
        text.replace(at, clause.text.size(), clause.words.front().text + " { ... }");
    }
    return redact(text);
}

QByteArray definedLater(const QHash<QByteArray, int>& lines, const QByteArray& name) {
    const auto found = lines.constFind(name);
    return found == lines.constEnd()
               ? QByteArray()
               : " (it is defined in line " + QByteArray::number(*found) + ", which must come before)";
}

} // namespace postern::policy
