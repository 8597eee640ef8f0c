#include "app/vocabulary/VocabularyModel.h"

#include "model/tags/AttributeClass.h"

#include <QComboBox>

#include <array>

namespace tagalign::app {

namespace {

QStringList classNames()
{
    QStringList names;
    for (std::size_t i = 0; i < model::tags::kAttributeClasses; ++i) {
        names.append(
            QString::fromStdString(model::tags::className(model::tags::AttributeClass(i))));
    }
    return names;
}

QStringList useNames()
{
    return {VocabularyModel::tr("automatic"), VocabularyModel::tr("on"),
            VocabularyModel::tr("off")}; // in the order of db::TagUse
}

QString useText(const db::VocabularyTag& tag)
{
    const QString text = tag.tag.enabled ? VocabularyModel::tr("yes") : VocabularyModel::tr("no");
    return tag.use == db::TagUse::Automatic ? text : VocabularyModel::tr("%1, by hand").arg(text);
}

bool isNumber(int column)
{
    return column == VocabularyModel::kImages || column == VocabularyModel::kAccepted ||
           column == VocabularyModel::kRejected || column == VocabularyModel::kPriority;
}

} // namespace

void VocabularyModel::setTags(const QList<db::VocabularyTag>& tags)
{
    beginResetModel();
    m_tags = tags;
    endResetModel();
}

int VocabularyModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : int(m_tags.size());
}

int VocabularyModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : kColumns;
}

QVariant VocabularyModel::text(const db::VocabularyTag& tag, int column) const
{
    const std::array<QVariant, kColumns> cells{
        tag.tag.display,  tag.tag.kind == db::TagKind::Object ? tr("object") : tr("attribute"),
        tag.tag.tagClass, tag.tag.images,
        tag.tag.accepted, tag.tag.rejected,
        tag.tag.priority, useText(tag),
        tag.tag.english,  tag.parentName};
    return cells.at(std::size_t(column));
}

QVariant VocabularyModel::editText(const db::VocabularyTag& tag, int column) const
{
    return column == kUse ? QVariant(useNames().at(int(tag.use))) : text(tag, column);
}

QString VocabularyModel::tip(const db::VocabularyTag& tag, int column) const
{
    if (column == kTag && !tag.merged.isEmpty()) {
        return tr("Also: %1").arg(tag.merged.join(QStringLiteral(", ")));
    }
    if (column == kClass && !tag.tag.tagClass.isEmpty()) {
        return tag.isClassEdited ? tr("Chosen by a person") : tr("Guessed; edit it if it is wrong");
    }
    if (column == kEnglish && !tag.tag.english.isEmpty()) {
        return tag.tag.englishSource == db::EnglishSource::Translated
                   ? tr("Translated by dictionary; edit it if it is wrong")
                   : tr("Edited");
    }
    return {};
}

QVariant VocabularyModel::data(const QModelIndex& index, int role) const
{
    const db::VocabularyTag& tag = m_tags.at(index.row());
    switch (role) {
    case Qt::DisplayRole:
        return text(tag, index.column());
    case Qt::EditRole:
        return editText(tag, index.column());
    case kSortRole:
        return text(tag, index.column());
    case Qt::ToolTipRole:
        return tip(tag, index.column());
    case Qt::TextAlignmentRole:
        return isNumber(index.column()) ? QVariant(Qt::AlignRight | Qt::AlignVCenter) : QVariant();
    case kChoicesRole:
        return index.column() == kClass ? QVariant(classNames())
               : index.column() == kUse ? QVariant(useNames())
                                        : QVariant();
    default:
        return {};
    }
}

QVariant VocabularyModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || role != Qt::DisplayRole) {
        return {};
    }
    const std::array<QString, kColumns> titles{
        tr("Tag"),      tr("Kind"),     tr("Class"),  tr("Images"),  tr("Accepted"),
        tr("Rejected"), tr("Priority"), tr("In use"), tr("English"), tr("Counts as")};
    return titles.at(std::size_t(section));
}

Qt::ItemFlags VocabularyModel::flags(const QModelIndex& index) const
{
    const bool isAttribute = m_tags.at(index.row()).tag.kind == db::TagKind::Attribute;
    const int column = index.column();
    const bool isEditable = column == kTag || column == kPriority || column == kUse ||
                            column == kEnglish || (column == kClass && isAttribute);
    const Qt::ItemFlags flags = QAbstractTableModel::flags(index);
    return isEditable ? flags | Qt::ItemIsEditable : flags;
}

bool VocabularyModel::setData(const QModelIndex& index, const QVariant& value, int role)
{
    const db::VocabularyTag& tag = m_tags.at(index.row());
    if (role != Qt::EditRole || value == editText(tag, index.column())) {
        return false;
    }
    db::TagEdit edit{.tag = tag.tag.id};
    switch (index.column()) {
    case kTag:
        edit.display = value.toString();
        break;
    case kClass:
        edit.tagClass = value.toString();
        break;
    case kPriority:
        edit.priority = value.toDouble();
        break;
    case kUse:
        edit.use = db::TagUse(useNames().indexOf(value.toString()));
        break;
    case kEnglish:
        edit.english = value.toString();
        break;
    default:
        return false;
    }
    Q_EMIT edited(edit);
    return true;
}

QWidget* ChoiceDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                                      const QModelIndex& index) const
{
    const QStringList choices = index.data(VocabularyModel::kChoicesRole).toStringList();
    if (choices.isEmpty()) {
        return QStyledItemDelegate::createEditor(parent, option, index);
    }
    auto* list = new QComboBox(parent);
    list->addItems(choices);
    return list;
}

void ChoiceDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const
{
    if (auto* list = qobject_cast<QComboBox*>(editor)) {
        list->setCurrentText(index.data(Qt::EditRole).toString());
        return;
    }
    QStyledItemDelegate::setEditorData(editor, index);
}

void ChoiceDelegate::setModelData(QWidget* editor, QAbstractItemModel* model,
                                  const QModelIndex& index) const
{
    if (const auto* list = qobject_cast<QComboBox*>(editor)) {
        model->setData(index, list->currentText(), Qt::EditRole);
        return;
    }
    QStyledItemDelegate::setModelData(editor, model, index);
}

} // namespace tagalign::app
