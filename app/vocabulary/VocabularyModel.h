#pragma once

#include "db/VocabularyRepository.h"

#include <QAbstractTableModel>
#include <QStyledItemDelegate>

namespace tagalign::app {

/// The vocabulary as a table. What is typed is only told on: edited(); who holds the project
/// applies it and gives the new rows.
class VocabularyModel : public QAbstractTableModel
{
    Q_OBJECT

public:
    enum Column {
        kTag,
        kKind,
        kClass,
        kImages,
        kAccepted,
        kRejected,
        kPriority,
        kUse,
        kEnglish,
        kParent,
        kColumns
    };

    /// By what a column is sorted: numbers as numbers.
    static constexpr int kSortRole = Qt::UserRole;
    /// Texts to choose from, where a cell holds one of a few.
    static constexpr int kChoicesRole = Qt::UserRole + 1;

    using QAbstractTableModel::QAbstractTableModel;

    void setTags(const QList<db::VocabularyTag>& tags);

    [[nodiscard]] const QList<db::VocabularyTag>& tags() const { return m_tags; }

    [[nodiscard]] int rowCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] int columnCount(const QModelIndex& parent = {}) const override;
    [[nodiscard]] QVariant data(const QModelIndex& index, int role) const override;
    [[nodiscard]] QVariant headerData(int section, Qt::Orientation orientation,
                                      int role) const override;
    [[nodiscard]] Qt::ItemFlags flags(const QModelIndex& index) const override;
    bool setData(const QModelIndex& index, const QVariant& value, int role) override;

Q_SIGNALS:
    void edited(const tagalign::db::TagEdit& edit);

private:
    [[nodiscard]] QVariant text(const db::VocabularyTag& tag, int column) const;
    [[nodiscard]] QVariant editText(const db::VocabularyTag& tag, int column) const;
    [[nodiscard]] QString tip(const db::VocabularyTag& tag, int column) const;

    QList<db::VocabularyTag> m_tags;
};

/// Edits cells with VocabularyModel::kChoicesRole by a list.
class ChoiceDelegate : public QStyledItemDelegate
{
    Q_OBJECT

public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model,
                      const QModelIndex& index) const override;
};

} // namespace tagalign::app
