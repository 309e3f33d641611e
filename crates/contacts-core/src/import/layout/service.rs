//! The use cases of choosing a file's layout.

use super::{LayoutChoice, Outline};
use crate::import::service::not_ready;
use crate::import::{
    Analysis, FileState, Import, ImportId, ImportService, ImportState, Plan, Target,
};
use crate::{Error, Invalid, OrgId, Result};

impl ImportService {
    /// Returns an import, and the beginning of its file as the present choice reads it.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the file is being uploaded, or was deleted.
    pub fn outline(&self, org: OrgId, id: ImportId) -> Result<(Import, Outline)> {
        let import = self.get(org, id)?;
        if import.state == ImportState::Uploading || import.file_state != FileState::Kept {
            return Err(not_ready(&import));
        }
        let file = self.files.open(org, import.file)?;
        let outline = self.spreadsheets.outline(file, &import.layout).map_err(Error::store)?;
        Ok((import, outline))
    }

    /// Chooses the layout of a file, which is then analysed again (R56). A file that could not be
    /// imported becomes usable by a choice that fits.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Conflict`] when the import was started, or the file was
    /// deleted; [`Error::Invalid`] naming the part by which the file cannot be imported.
    pub fn choose_layout(&self, org: OrgId, id: ImportId, layout: &LayoutChoice) -> Result<Import> {
        let import = self.get(org, id)?;
        let is_open = matches!(import.state, ImportState::Ready | ImportState::Unusable);
        if !is_open || import.file_state != FileState::Kept {
            return Err(not_ready(&import));
        }
        layout.check()?;
        if import.state == ImportState::Ready && import.layout == *layout {
            return Ok(import);
        }
        // The import would end as unusable otherwise.
        let file = self.files.open(org, import.file)?;
        let inspected = self.spreadsheets.inspect(file, layout).map_err(Error::store)?;
        let inspected = inspected.map_err(|problem| {
            let part = layout.part_of(&problem);
            Invalid::one(part, format!("cannot be imported: {problem}"))
        })?;
        let foreign = match inspected.sheets.is_empty() {
            true => layout.sheet.as_ref().map(|_| ("sheet", "the file is not a workbook")),
            false => layout.text_part().map(|part| (part, "the file is a workbook")),
        };
        if let Some((part, reason)) = foreign {
            return Err(Invalid::one(part, format!("cannot be chosen: {reason}")).into());
        }
        let chosen = self.imports.choose_layout(org, id, layout, self.clock.now())?;
        let import = self.get(org, id)?;
        if chosen { Ok(import) } else { Err(not_ready(&import)) }
    }
}

impl Plan {
    /// Returns the plan for a new analysis of a file that was analysed before, by `former`. Policy
    /// and tags stay. Of the columns, those stay that a user has mapped, as long as the table has
    /// the same columns.
    pub(in crate::import) fn carried_over(
        self,
        former: Option<&Analysis>,
        analysis: &Analysis,
    ) -> Self {
        let mut columns: Vec<_> = analysis.suggestions.iter().map(|s| s.target.clone()).collect();
        let former = former.filter(|former| {
            former.layout.header.len() == columns.len()
                && former.layout.sheet() == analysis.layout.sheet()
        });
        let (formats, rules) = match former {
            Some(_) => (self.formats, self.rules),
            None => Default::default(),
        };
        if let Some(former) = former {
            let suggested = former.suggestions.iter().map(|s| &s.target);
            let mapped = self.columns.iter().zip(suggested).enumerate();
            let mapped = mapped.filter(|(_, (target, suggested))| target != suggested);
            for (at, (target, _)) in mapped {
                let is_same = |other: &Option<Target>| target.is_some() && other == target;
                // The user's column takes the target from the suggested one.
                columns.iter_mut().filter(|other| is_same(other)).for_each(|other| *other = None);
                columns[at].clone_from(target);
            }
        }
        Self { columns, formats, rules, ..self }
    }
}
