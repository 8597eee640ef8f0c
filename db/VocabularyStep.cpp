#include "db/VocabularyStep.h"

#include "db/AuditLog.h"
#include "db/TagRepository.h"

namespace tagalign::db {

namespace {

using Place = VocabularyJournal::Place;

QVariant nullText()
{
    return QVariant(QMetaType::fromType<QString>());
}

QVariant nullId()
{
    return QVariant(QMetaType::fromType<qint64>());
}

QString lemmaOf(const QString& name)
{
    return name.simplified().toLower();
}

qint64 beginStep(const QSqlDatabase& connection, const QString& who, const QString& action)
{
    return insertedId(execute(connection,
                              QStringLiteral("INSERT INTO vocabulary_step (at, who, action, "
                                             "sentence) VALUES (?, ?, ?, '')"),
                              {timestamp(), who, action}));
}

} // namespace

VocabularyStep::VocabularyStep(const QSqlDatabase& connection, QString who, const QString& action)
    : m_connection(connection),
      m_transaction(connection),
      m_who(std::move(who)),
      m_journal(connection, beginStep(connection, m_who, action))
{
}

VocabularyStep::Known VocabularyStep::known(TagId tag) const
{
    QSqlQuery row = execute(m_connection,
                            QStringLiteral("SELECT kind, lemma, display, parent_id, enabled, "
                                           "COALESCE(english, '') FROM tag WHERE id = ?"),
                            {qint64(tag)});
    if (!row.next()) {
        throw Refusal(QStringLiteral("Tag %1 does not exist any more; reload the vocabulary.")
                          .arg(qint64(tag)));
    }
    return {row.value(0).toString() == QLatin1String("object") ? TagKind::Object
                                                               : TagKind::Attribute,
            row.value(1).toString(),
            row.value(2).toString(),
            row.isNull(3) ? std::nullopt : std::optional(row.value(3).toLongLong()),
            row.value(4).toBool(),
            row.value(5).toString()};
}

QList<qint64> VocabularyStep::ancestors(TagId tag) const
{
    QList<qint64> found;
    for (auto parent = known(tag).parent; parent && !found.contains(*parent);
         parent = known(TagId{*parent}).parent) {
        found.append(*parent);
    }
    return found;
}

std::optional<TagId> VocabularyStep::find(TagKind kind, const QString& lemma) const
{
    QSqlQuery row =
        execute(m_connection, QStringLiteral("SELECT id FROM tag WHERE kind = ? AND lemma = ?"),
                {kindName(kind), lemma});
    return row.next() ? std::optional(TagId{row.value(0).toLongLong()}) : std::nullopt;
}

int VocabularyStep::candidatesOf(TagId tag) const
{
    QSqlQuery row =
        execute(m_connection, QStringLiteral("SELECT COUNT(*) FROM candidate WHERE tag_id = ?"),
                {qint64(tag)});
    row.next();
    return row.value(0).toInt();
}

/// Not one that was merged into another or whose name was changed.
void VocabularyStep::requireVisible(TagId tag, const QString& name) const
{
    QSqlQuery row = execute(
        m_connection,
        QStringLiteral("SELECT t.display FROM vocabulary_rule r JOIN tag t ON t.id = r.target_id "
                       "WHERE r.tag_id = ? AND r.action IN ('merge', 'rename')"),
        {qint64(tag)});
    if (row.next()) {
        throw Refusal(
            QStringLiteral("\"%1\" is a name that \"%2\" took over; undo that step first, "
                           "or choose another name.")
                .arg(name, row.value(0).toString()));
    }
}

void VocabularyStep::changeTag(TagId tag, const QString& column, const QVariant& value)
{
    // Null equals nothing in SQL.
    if (value.isNull()) {
        m_journal.change(Place::Tag, column, value,
                         QStringLiteral("id = ? AND %1 IS NOT NULL").arg(column), {qint64(tag)});
    } else {
        m_journal.change(Place::Tag, column, value,
                         QStringLiteral("id = ? AND (%1 IS NULL OR %1 <> ?)").arg(column),
                         {qint64(tag), value});
    }
}

TagId VocabularyStep::insertTag(TagKind kind, const QString& lemma, const QString& display,
                                bool enabled)
{
    const TagId tag{insertedId(execute(
        m_connection,
        QStringLiteral("INSERT INTO tag (kind, lemma, display, enabled) VALUES (?, ?, ?, ?)"),
        {kindName(kind), lemma, display, enabled ? 1 : 0}))};
    m_journal.addTag(tag);
    return tag;
}

TagId VocabularyStep::tagNamed(TagKind kind, const QString& name)
{
    const QString lemma = lemmaOf(name);
    if (lemma.isEmpty()) {
        throw Refusal(QStringLiteral("A tag needs a name; write one."));
    }
    if (const auto tag = find(kind, lemma)) {
        requireVisible(*tag, name);
        return *tag;
    }
    return insertTag(kind, lemma, name.simplified(), true);
}

/// Tags that counted as the one that is gone count as the kept one, but for those above it.
void VocabularyStep::inheritParents(TagId tag, const Known& gone, TagId kept)
{
    const QVariant above =
        gone.parent && *gone.parent != qint64(kept) ? QVariant(*gone.parent) : nullId();
    QList<qint64> aboveKept = ancestors(kept);
    aboveKept.append(qint64(kept));
    QSqlQuery rows = execute(m_connection, QStringLiteral("SELECT id FROM tag WHERE parent_id = ?"),
                             {qint64(tag)});
    QList<qint64> children;
    while (rows.next()) {
        children.append(rows.value(0).toLongLong());
    }
    rows.finish();
    for (const qint64 child : children) {
        changeTag(TagId{child}, QStringLiteral("parent_id"),
                  aboveKept.contains(child) ? above : QVariant(qint64(kept)));
    }
    changeTag(tag, QStringLiteral("parent_id"), nullId());
}

void VocabularyStep::merge(TagId tag, TagId kept)
{
    const Known gone = known(tag);
    const Known stays = known(kept);
    if (tag == kept) {
        throw Refusal(QStringLiteral("\"%1\" cannot be merged into itself; choose another tag.")
                          .arg(gone.display));
    }
    if (gone.kind != stays.kind) {
        throw Refusal(QStringLiteral("\"%1\" and \"%2\" cannot be merged: one is an object, the "
                                     "other an attribute.")
                          .arg(gone.display, stays.display));
    }
    requireVisible(tag, gone.display);
    requireVisible(kept, stays.display);
    inheritParents(tag, gone, kept);
    m_journal.addRule(QStringLiteral("merge"), tag, kept);
    const QSet<qint64> touched = VocabularyRules(m_connection).applyNewest();
    changeTag(tag, QStringLiteral("enabled"), 0);
    if (gone.enabled && !stays.enabled) { // unless a person has switched it off
        m_journal.change(Place::Tag, QStringLiteral("enabled"), 1,
                         QStringLiteral("id = ? AND switched IS NULL"), {qint64(kept)});
    }
    if (stays.english.isEmpty() && !gone.english.isEmpty()) {
        m_journal.change(Place::Tag, QStringLiteral("english"), gone.english,
                         QStringLiteral("id = ? AND COALESCE(english_source, '') <> 'edited'"),
                         {qint64(kept)});
    }
    refreshStates(m_connection, touched);
}

void VocabularyStep::rollUp(TagId tag, TagId parent)
{
    const Known low = known(tag);
    const Known high = known(parent);
    if (tag == parent || ancestors(parent).contains(qint64(tag))) {
        throw Refusal(QStringLiteral("\"%1\" cannot be rolled up to \"%2\": that counts as \"%1\" "
                                     "already.")
                          .arg(low.display, high.display));
    }
    if (low.kind != high.kind) {
        throw Refusal(QStringLiteral("\"%1\" cannot be rolled up to \"%2\": one is an object, the "
                                     "other an attribute.")
                          .arg(low.display, high.display));
    }
    if (low.parent) {
        throw Refusal(
            QStringLiteral("\"%1\" counts as \"%2\" already; undo that, or roll \"%2\" up.")
                .arg(low.display, known(TagId{*low.parent}).display));
    }
    requireVisible(tag, low.display);
    requireVisible(parent, high.display);
    changeTag(tag, QStringLiteral("parent_id"), qint64(parent));
    m_journal.addRule(QStringLiteral("roll_up"), tag, parent);
    refreshStates(m_connection, VocabularyRules(m_connection).applyNewest());
}

TagId VocabularyStep::split(TagId tag, SplitBy by, const QString& text, const QString& name)
{
    const Known whole = known(tag);
    requireVisible(tag, whole.display);
    if (text.simplified().isEmpty() || lemmaOf(name).isEmpty()) {
        throw Refusal(QStringLiteral("To split \"%1\", say by which words and the new tag's name.")
                          .arg(whole.display));
    }
    if (find(whole.kind, lemmaOf(name)) == tag) {
        throw Refusal(QStringLiteral("\"%1\" is the tag to split; give its part another name.")
                          .arg(name.simplified()));
    }
    const SplitCount count = countSplit(m_connection, tag, by, text);
    if (count.candidates == 0 || count.candidates == candidatesOf(tag)) {
        throw Refusal(
            (count.candidates == 0
                 ? QStringLiteral("No \"%1\" was read with \"%2\"; nothing would be split off.")
                 : QStringLiteral("Every \"%1\" was read with \"%2\"; rename it instead."))
                .arg(whole.display, text.simplified()));
    }
    const TagId part = tagNamed(whole.kind, name);
    m_journal.addRule(QStringLiteral("split"), tag, part,
                      by == SplitBy::Words ? QStringLiteral("words") : QStringLiteral("caption"),
                      text.simplified());
    refreshStates(m_connection, VocabularyRules(m_connection).applyNewest());
    return part;
}

void VocabularyStep::rename(TagId tag, const QString& name)
{
    const Known before = known(tag);
    requireVisible(tag, before.display);
    const QString lemma = lemmaOf(name);
    if (lemma.isEmpty()) {
        throw Refusal(QStringLiteral("\"%1\" needs a name; write one.").arg(before.display));
    }
    if (lemma != before.lemma) {
        if (const auto other = find(before.kind, lemma)) {
            requireVisible(*other, name.simplified());
            throw Refusal(QStringLiteral("There is a tag \"%1\" already; merge \"%2\" into it "
                                         "instead.")
                              .arg(name.simplified(), before.display));
        }
        changeTag(tag, QStringLiteral("lemma"), lemma);
        m_journal.addRule(QStringLiteral("rename"),
                          insertTag(before.kind, before.lemma, before.display, false), tag);
    }
    changeTag(tag, QStringLiteral("display"), name.simplified());
}

void VocabularyStep::edit(const TagEdit& edit)
{
    const Known tag = known(edit.tag);
    requireVisible(edit.tag, tag.display);
    static const QStringList kClasses{"colour", "material", "pattern",  "size",
                                      "shape",  "state",    "position", "other"};
    if (edit.display && edit.display->simplified().isEmpty()) {
        throw Refusal(QStringLiteral("\"%1\" needs a name; write one.").arg(tag.display));
    }
    if (edit.tagClass && tag.kind == TagKind::Object) {
        throw Refusal(
            QStringLiteral("\"%1\" is an object; only attributes have a class.").arg(tag.display));
    }
    if (edit.tagClass && !kClasses.contains(*edit.tagClass)) {
        throw Refusal(QStringLiteral("\"%1\" is no class; use one of %2.")
                          .arg(*edit.tagClass, kClasses.join(QStringLiteral(", "))));
    }
    if (edit.priority && !(*edit.priority > 0.0 && *edit.priority <= kGreatestPriority)) {
        throw Refusal(QStringLiteral("The priority of \"%1\" must be above 0 and at most %2.")
                          .arg(tag.display)
                          .arg(kGreatestPriority));
    }
    if (edit.display) {
        changeTag(edit.tag, QStringLiteral("display"), edit.display->simplified());
    }
    if (edit.tagClass) {
        changeTag(edit.tag, QStringLiteral("class"), *edit.tagClass);
        changeTag(edit.tag, QStringLiteral("class_source"), QStringLiteral("edited"));
    }
    if (edit.priority) {
        changeTag(edit.tag, QStringLiteral("priority"), *edit.priority);
    }
    if (edit.use) {
        changeTag(edit.tag, QStringLiteral("switched"),
                  *edit.use == TagUse::Automatic ? nullText()
                  : *edit.use == TagUse::On      ? QVariant(QStringLiteral("on"))
                                                 : QVariant(QStringLiteral("off")));
        if (*edit.use != TagUse::Automatic) {
            changeTag(edit.tag, QStringLiteral("enabled"), *edit.use == TagUse::On ? 1 : 0);
        }
    }
    if (edit.english && edit.english->simplified() != tag.english) {
        const QString english = edit.english->simplified();
        changeTag(edit.tag, QStringLiteral("english"),
                  english.isEmpty() ? nullText() : QVariant(english));
        changeTag(edit.tag, QStringLiteral("english_source"), QStringLiteral("edited"));
    }
}

void VocabularyStep::setSetting(const QString& key, const QString& value)
{
    m_journal.changeSetting(key, value);
}

bool VocabularyStep::commit(const QString& sentence)
{
    QSqlQuery changes = execute(
        m_connection,
        QStringLiteral("SELECT (SELECT COUNT(*) FROM vocabulary_change WHERE step_id = ?) + "
                       "(SELECT COUNT(*) FROM vocabulary_rule WHERE step_id = ?)"),
        {m_journal.step(), m_journal.step()});
    changes.next();
    if (changes.value(0).toLongLong() == 0) {
        return false;
    }
    changes.finish();
    execute(m_connection, QStringLiteral("UPDATE vocabulary_step SET sentence = ? WHERE id = ?"),
            {sentence, m_journal.step()});
    AuditLog(m_connection).append(m_who, QStringLiteral("vocabulary"), sentence);
    m_transaction.commit();
    return true;
}

} // namespace tagalign::db
